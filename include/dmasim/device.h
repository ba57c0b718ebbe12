/* SPDX-License-Identifier: MIT */
/*
 * For authors of device models: be the hardware.
 *
 * A device masters the bus, decodes MMIO registers and raises interrupts. Its code runs in event context: from
 * MMIO callbacks, from dmasim_after(), from completion callbacks of the start functions; or from a test's body,
 * which then plays the device. Device code uses the functions of this header and ordinary C, never kernel names.
 * docs/device-models.md is the guide.
 */
#ifndef DMASIM_DEVICE_H
#define DMASIM_DEVICE_H

#include <dmasim/types.h>

/**
 * dmasim_device_create() - a bare bus master
 * @name: its name in reports; copied. At most 63 characters
 *
 * Masks are 32 bit, as for a device whose driver never set them; bus mastering is enabled; no driver is bound.
 *
 * Return: the device, owned by the library until dmasim_device_destroy() or the end of the machine; NULL and errno.
 */
DMASIM_API struct device *dmasim_device_create(const char *name);

/**
 * dmasim_device_destroy() - unplug a device made by the library
 * @dev: the device; NULL is ignored. Its driver's remove runs first, then leaked mappings are reported
 */
DMASIM_API void dmasim_device_destroy(struct device *dev);

/** dmasim_device_name() - the name given at creation; "(null)" for NULL */
DMASIM_API const char *dmasim_device_name(const struct device *dev);

/**
 * dmasim_isa_device() - the bus master behind every DMA call that an old driver makes for a NULL device
 *
 * Its masks are 24 bit and it drives 24 address lines. Made at first use, lives as long as the machine. Only the headers
 * of include/era accept NULL: today's calls fail for it.
 *
 * Return: the device; NULL without a machine.
 */
DMASIM_API struct device *dmasim_isa_device(void);

/** struct dmasim_pci_config - what a PCI function says of itself. Zero is a sensible default for all but the ids */
struct dmasim_pci_config {
	const char *name;	   /* name in reports, e.g. "dad0"; copied */
	uint16_t vendor;	   /* configuration space offset 0x00 */
	uint16_t device;	   /* offset 0x02 */
	uint16_t subsystem_vendor; /* offset 0x2c */
	uint16_t subsystem_device; /* offset 0x2e */
	uint32_t class_code;	   /* 24 bits: base class, sub-class, interface */
	uint8_t revision;	   /* offset 0x08 */
	unsigned int address_bits; /* address lines the hardware drives, 0 means 64 */
	unsigned int msi_vectors;  /* message-signalled vectors offered, 0 means only the INTx pin */
};

/**
 * dmasim_pci_device_create() - plug in a PCI function
 * @config: copied
 *
 * Bus mastering, memory decoding and the interrupt pin are off until the driver enables them, as after reset.
 * Give it BARs with dmasim_device_add_mmio(): the first call makes BAR 0, the next BAR 1, ... Matching drivers are
 * probed by dmasim_device_plug(), or when a driver registers later.
 *
 * Return: the `struct device` inside a `struct pci_dev`; NULL and errno.
 */
DMASIM_API struct device *dmasim_pci_device_create(const struct dmasim_pci_config *config);

/**
 * dmasim_device_plug() - the device is complete: let the kernel find it
 *
 * Return: 0, also when no driver matches; what the driver's probe returned when it refused; -EBUSY if done already.
 */
DMASIM_API int dmasim_device_plug(struct device *dev);

/**
 * dmasim_device_set_address_bits() - how many address lines the hardware drives
 * @bits: 1 .. 64. An access above is reported as device-address-beyond-mask whatever mask the driver declared
 */
DMASIM_API void dmasim_device_set_address_bits(struct device *dev, unsigned int bits);

/**
 * dmasim_device_read() - the device reads memory through the bus
 * @dev:  the bus master; its mask, bus-master enable and bus windows apply
 * @addr: bus address, as the driver gave it to the device
 * @dst:  host buffer for the bytes; untouched beyond those really read
 * @n:    bytes, at least 1; may cross pages, mappings and segments as a burst on a real bus may
 *
 * Sees DRAM, not the CPU's caches, unless the machine is coherent. Each byte is checked: is it mapped for this
 * device, in this direction, and does the device own it now? A forbidden byte is reported. Whether it is also
 * refused is the hardware's affair: where nothing isolates the device (preset pc), RAM answers; where something
 * does, or where there is no RAM, the bus refuses.
 *
 * Context: a device's event or a test's body; never driver code.
 * Return: 0, or -EFAULT when a byte was refused: those before it were transferred. -EINVAL for n of 0, a range that
 *         wraps, or NULL arguments.
 * Mirrors: PCI memory read transaction; refusal as an IOMMU fault or a master abort.
 */
DMASIM_API int dmasim_device_read(struct device *dev, dma_addr_t addr, void *dst, size_t n);

/** dmasim_device_write() - the device writes memory through the bus; see dmasim_device_read() */
DMASIM_API int dmasim_device_write(struct device *dev, dma_addr_t addr, const void *src, size_t n);

/**
 * dmasim_device_start_read() - a transfer that takes time
 * @dst:      host buffer; must live until @done
 * @delay_ns: simulated time until the bytes move, all at once
 * @done:     called then, in event context, with 0 or a negative errno as dmasim_device_read() returns; may be NULL
 * @arg:      given to @done
 *
 * Until then the transfer is in flight: unmapping or freeing what it uses is reported as unmap-while-dma-active.
 *
 * Return: 0 when started; -EINVAL as dmasim_device_read(); -ENOMEM.
 */
DMASIM_API int dmasim_device_start_read(struct device *dev, dma_addr_t addr, void *dst, size_t n, uint64_t delay_ns,
					void (*done)(void *arg, int err), void *arg);

/** dmasim_device_start_write() - as dmasim_device_start_read(); @src is read when the bytes move */
DMASIM_API int dmasim_device_start_write(struct device *dev, dma_addr_t addr, const void *src, size_t n,
					 uint64_t delay_ns, void (*done)(void *arg, int err), void *arg);

/**
 * dmasim_device_cancel_transfers() - stop what is in flight, as a device's reset does
 *
 * Return: how many transfers were cancelled; their @done is not called.
 */
DMASIM_API unsigned int dmasim_device_cancel_transfers(struct device *dev);

/**
 * dmasim_device_after() - run a function of the device's model later
 * @ns:  simulated time from now
 * @fn:  runs in event context
 * @arg: given to @fn
 *
 * Unlike dmasim_after() the event belongs to the device: it is dropped when the device goes away.
 *
 * Return: 0; -ENOMEM; -EINVAL for a NULL device or function.
 */
DMASIM_API int dmasim_device_after(struct device *dev, uint64_t ns, void (*fn)(void *), void *arg);

/** dmasim_device_cancel_timers() - drop what dmasim_device_after() still holds for the device; how many there were */
DMASIM_API unsigned int dmasim_device_cancel_timers(struct device *dev);

/**
 * dmasim_device_raise_irq() - signal the device's interrupt once (an edge or a message)
 *
 * Delivered at the next safe point at which interrupts are enabled; raised again before delivery it is delivered
 * once.
 *
 * Return: 0; -ENXIO if the device has no interrupt line or its driver has not enabled it (counted as lost).
 */
DMASIM_API int dmasim_device_raise_irq(struct device *dev);

/** dmasim_device_raise_vector() - as dmasim_device_raise_irq(), for one of several message-signalled vectors, from 0 */
DMASIM_API int dmasim_device_raise_vector(struct device *dev, unsigned int vector);

/**
 * dmasim_device_set_irq() - drive the device's interrupt pin, for level-triggered devices
 * @high: the line is pending while high; the model takes it back when the driver acknowledges
 *
 * Return: 0; -ENXIO if the device has no line.
 */
DMASIM_API int dmasim_device_set_irq(struct device *dev, bool high);

/**
 * dmasim_device_irq() - the number of the device's interrupt line, for request_irq() in tests
 *
 * A device that is neither PCI nor platform gets its line here, at the first call.
 *
 * Return: the line; -ENOSPC; -EINVAL for a NULL device.
 */
DMASIM_API int dmasim_device_irq(struct device *dev);

/** struct dmasim_mmio_ops - what a register window does. @offset is in bytes from its start, @size 1, 2, 4 or 8 */
struct dmasim_mmio_ops {
	uint64_t (*read)(void *ctx, uint64_t offset, unsigned int size);
	void (*write)(void *ctx, uint64_t offset, unsigned int size, uint64_t value);
	void (*release)(void *ctx); /* the device is gone: free ctx; may be NULL */
};

/**
 * dmasim_device_add_mmio() - give the device a window of registers
 * @size: bytes; rounded up to a power of two, at least 16, at most 256 MiB
 * @ops:  must outlive the device; a NULL read gives all ones, a NULL write is ignored
 * @ctx:  given to @ops
 *
 * On a PCI function the nth call makes BAR n - 1.
 *
 * Return: the window as the CPU maps it, for readl() and friends in tests; drivers find it with pci_iomap() or
 *         ioremap() themselves. NULL and errno.
 */
DMASIM_API void __iomem *dmasim_device_add_mmio(struct device *dev, size_t size, const struct dmasim_mmio_ops *ops,
						void *ctx);

/**
 * dmasim_device_mmio_context() - the ctx of a window, for functions of a model that are given its device
 * @n:   which window, from 0 in the order added
 * @ops: must be the ops it was added with: proof that the device is of this model
 *
 * Return: ctx; NULL for another kind of device.
 */
DMASIM_API void *dmasim_device_mmio_context(struct device *dev, unsigned int n, const struct dmasim_mmio_ops *ops);

/**
 * dmasim_device_protocol_error() - the driver programmed the device against its manual
 * @fmt: one sentence that says what and why it matters
 *
 * Reported as device-protocol-violation at the driver's line that did the current MMIO access.
 */
DMASIM_API void dmasim_device_protocol_error(struct device *dev, const char *fmt, ...) DMASIM_PRINTF(2, 3);

#endif
