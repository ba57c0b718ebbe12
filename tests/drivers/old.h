/* SPDX-License-Identifier: MIT */
/* The card of old.c: its registers, its ring, and the bugs that the driver can be given. Plain C: both eras read it. */
#ifndef TESTS_DRIVERS_OLD_H
#define TESTS_DRIVERS_OLD_H

#include <dmasim/types.h>

#define OLD_VENDOR  0x1234
#define OLD_DEVICE  0x0206
#define OLD_RING    4
#define OLD_PAGES   3
#define OLD_PATTERN 0x5c

/* Registers. Writing a descriptor's number to the doorbell makes the card fill its buffer. */
#define OLD_BASE_LOW  0x00
#define OLD_BASE_HIGH 0x04
#define OLD_DOORBELL  0x08
#define OLD_STATUS    0x0c
#define OLD_IRQ	      1 /* in the status; written back to acknowledge */

struct old_desc {
	uint64_t addr;
	uint32_t len, status;
};
#define OLD_DONE 1

enum { OLD_RIGHT, OLD_WRONG_SIZE, OLD_WRONG_DIRECTION, OLD_LEAK, OLD_UNCHECKED, NR_OLD_BUGS };

/* The driver: which bug, the line of it, and how many buffers came back full. */
extern int old_bug, old_line, old_done;
int old_load(void);
void old_unload(void);
int old_receive(int len);
int old_send(void);

/* The card reads a piece of a list. */
void old_fetch(struct device *dev, dma_addr_t addr, unsigned int len);

#endif
