/* SPDX-License-Identifier: MIT */
/*
 * Data sheet of the DMA Acquisition Device: registers, descriptors, numbers. Plain constants, for its model and for
 * drivers alike.
 *
 * The device moves blocks of samples between its converter and memory. All registers are 32 bit, little endian, in
 * BAR 0. Revision 1 drives 24 address lines, revision 2 all 64. Transfers come in three forms:
 *
 *   commanded   the driver programs address, length and direction and enables DMA; the device moves the bytes and
 *               raises its interrupt. Registers other than STATUS, INT_ACK and INT_ENABLE must not be written between
 *               ENABLEDMA and the interrupt.
 *   announced   in announce mode the device says that it has a block (status ANNOUNCE, interrupt); the driver answers
 *               with a commanded read for it. A block that is not fetched before the next is lost and counted.
 *   ring        in ring mode the device takes the next descriptor of a ring in memory for each block, writes the block,
 *               then the descriptor's status, and raises its interrupt. Without a descriptor the block is lost and
 *               counted.
 *
 * A block is the 32-bit block number followed by samples; sample i (from 4) is the byte (number + i) & 0xff.
 */
#ifndef DMASIM_DEVICES_DAD_REGS_H
#define DMASIM_DEVICES_DAD_REGS_H

#define DAD_VENDOR_ID 0x1da0
#define DAD_DEVICE_ID 0x0dad

#define DAD_REGS_SIZE 256

#define DAD_COMMAND	 0x00 /* WO: one of DAD_CMD_* */
#define DAD_ADDR_LO	 0x04 /* RW: bus address of the buffer, bits 31:0 */
#define DAD_ADDR_HI	 0x08 /* RW: bits 63:32 */
#define DAD_LENGTH	 0x0c /* RW: bytes, 1 .. DAD_MAX_LENGTH */
#define DAD_STATUS	 0x10 /* RO: DAD_ST_* */
#define DAD_INT_ACK	 0x14 /* WO: write ones to clear those status bits */
#define DAD_INT_ENABLE	 0x18 /* RW: 1 = the device may interrupt */
#define DAD_COUNT	 0x1c /* RO: bytes moved by the last commanded transfer */
#define DAD_BLOCK_LENGTH 0x20 /* RW: bytes of a block in announce and ring mode, 8 .. DAD_MAX_LENGTH */
#define DAD_RING_LO	 0x24 /* RW: bus address of the descriptor ring, bits 31:0 */
#define DAD_RING_HI	 0x28 /* RW: bits 63:32 */
#define DAD_RING_ENTRIES 0x2c /* RW: descriptors in the ring, 1 .. 256 */
#define DAD_LOST	 0x30 /* RO: blocks lost since the mode was entered */

#define DAD_MAX_LENGTH 65536u

#define DAD_CMD_DISABLEDMA 0x01u /* stop what runs, leave announce and ring mode */
#define DAD_CMD_WR	   0x02u /* direction: memory to device */
#define DAD_CMD_RD	   0x03u /* direction: device to memory */
#define DAD_CMD_ENABLEDMA  0x04u /* go */
#define DAD_CMD_ANNOUNCE   0x05u /* enter announce mode */
#define DAD_CMD_RING	   0x06u /* enter ring mode at descriptor 0 */

#define DAD_ST_BUSY	0x01u /* a commanded transfer runs */
#define DAD_ST_DONE	0x02u /* it is finished */
#define DAD_ST_ERROR	0x04u /* the bus refused it, or it was programmed wrongly */
#define DAD_ST_ANNOUNCE 0x08u /* a block waits to be fetched */
#define DAD_ST_RING	0x10u /* descriptors were written back */
#define DAD_ST_IRQ	(DAD_ST_DONE | DAD_ST_ERROR | DAD_ST_ANNOUNCE | DAD_ST_RING)

/* Ring descriptor, 16 bytes, little endian: address at 0 (64 bit), length at 8 (32 bit), status at 12 (32 bit). */
#define DAD_DESC_SIZE  16
#define DAD_DESC_OWN   0x80000000u /* the device may use it; cleared by the device when done */
#define DAD_DESC_DONE  0x40000000u /* written back, bits 16:0 are the bytes written */
#define DAD_DESC_BYTES 0x0001ffffu

#endif
