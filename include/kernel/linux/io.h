/* SPDX-License-Identifier: MIT */
/*
 * Registers of devices. Mirrors include/linux/io.h.
 *
 * Each ioremap() gives addresses of its own, so that use after iounmap() and use out of bounds are seen. They are cookies:
 * dereferencing one faults. Every access is a safe point: time passes, the device acts, interrupts arrive. An
 * access that no register answers reads all ones and is reported as mmio-bad-address.
 */
#ifndef DMASIM_LINUX_IO_H
#define DMASIM_LINUX_IO_H

#include <dmasim/types.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <linux/compiler_types.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/types.h>

struct device;

/* Map size bytes of bus address space at phys. NULL: size 0, wraps, is RAM. Context: may sleep. */
DMASIM_API void __iomem *ioremap(phys_addr_t phys, size_t size) DMASIM_SYM(ioremap);
#define ioremap_nocache(phys, size) ioremap((phys), (size)) /* until 5.5 */
#define ioremap_uc(phys, size)	    ioremap((phys), (size))
#define ioremap_np(phys, size)	    ioremap((phys), (size))
#define ioremap_wc(phys, size)	    ioremap((phys), (size))
#define ioremap_wt(phys, size)	    ioremap((phys), (size))
/* NULL is ignored. Context: may sleep. */
DMASIM_API void iounmap(volatile void __iomem *addr) DMASIM_SYM(iounmap);
DMASIM_API void __iomem *devm_ioremap(struct device *dev, resource_size_t phys, resource_size_t size)
	DMASIM_SYM(devm_ioremap);
#define devm_ioremap_wc(dev, phys, size) devm_ioremap((dev), (phys), (size))
#define devm_ioremap_uc(dev, phys, size) devm_ioremap((dev), (phys), (size))
/* Claim and map; IOMEM_ERR_PTR(-EINVAL, -EBUSY or -ENOMEM) on failure, never NULL. */
DMASIM_API void __iomem *devm_ioremap_resource(struct device *dev, const struct resource *res)
	DMASIM_SYM(devm_ioremap_resource);
DMASIM_API void devm_iounmap(struct device *dev, void __iomem *addr) DMASIM_SYM(devm_iounmap);

/* Little-endian registers, ordered against each other and, unless relaxed, against memory. Context: any. */
DMASIM_API u8 readb(const volatile void __iomem *addr) DMASIM_SYM(readb);
DMASIM_API u16 readw(const volatile void __iomem *addr) DMASIM_SYM(readw);
DMASIM_API u32 readl(const volatile void __iomem *addr) DMASIM_SYM(readl);
DMASIM_API u64 readq(const volatile void __iomem *addr) DMASIM_SYM(readq);
DMASIM_API void writeb(u8 value, volatile void __iomem *addr) DMASIM_SYM(writeb);
DMASIM_API void writew(u16 value, volatile void __iomem *addr) DMASIM_SYM(writew);
DMASIM_API void writel(u32 value, volatile void __iomem *addr) DMASIM_SYM(writel);
DMASIM_API void writeq(u64 value, volatile void __iomem *addr) DMASIM_SYM(writeq);
DMASIM_API u8 readb_relaxed(const volatile void __iomem *addr) DMASIM_SYM(readb_relaxed);
DMASIM_API u16 readw_relaxed(const volatile void __iomem *addr) DMASIM_SYM(readw_relaxed);
DMASIM_API u32 readl_relaxed(const volatile void __iomem *addr) DMASIM_SYM(readl_relaxed);
DMASIM_API u64 readq_relaxed(const volatile void __iomem *addr) DMASIM_SYM(readq_relaxed);
DMASIM_API void writeb_relaxed(u8 value, volatile void __iomem *addr) DMASIM_SYM(writeb_relaxed);
DMASIM_API void writew_relaxed(u16 value, volatile void __iomem *addr) DMASIM_SYM(writew_relaxed);
DMASIM_API void writel_relaxed(u32 value, volatile void __iomem *addr) DMASIM_SYM(writel_relaxed);
DMASIM_API void writeq_relaxed(u64 value, volatile void __iomem *addr) DMASIM_SYM(writeq_relaxed);
#define __raw_readb(addr)	  readb_relaxed(addr)
#define __raw_readw(addr)	  readw_relaxed(addr)
#define __raw_readl(addr)	  readl_relaxed(addr)
#define __raw_readq(addr)	  readq_relaxed(addr)
#define __raw_writeb(value, addr) writeb_relaxed((value), (addr))
#define __raw_writew(value, addr) writew_relaxed((value), (addr))
#define __raw_writel(value, addr) writel_relaxed((value), (addr))
#define __raw_writeq(value, addr) writeq_relaxed((value), (addr))

/* For addresses of pci_iomap(): the same registers. */
DMASIM_API unsigned int ioread8(const volatile void __iomem *addr) DMASIM_SYM(ioread8);
DMASIM_API unsigned int ioread16(const volatile void __iomem *addr) DMASIM_SYM(ioread16);
DMASIM_API unsigned int ioread32(const volatile void __iomem *addr) DMASIM_SYM(ioread32);
DMASIM_API u64 ioread64(const volatile void __iomem *addr) DMASIM_SYM(ioread64);
DMASIM_API unsigned int ioread16be(const volatile void __iomem *addr) DMASIM_SYM(ioread16be);
DMASIM_API unsigned int ioread32be(const volatile void __iomem *addr) DMASIM_SYM(ioread32be);
DMASIM_API void iowrite8(u8 value, volatile void __iomem *addr) DMASIM_SYM(iowrite8);
DMASIM_API void iowrite16(u16 value, volatile void __iomem *addr) DMASIM_SYM(iowrite16);
DMASIM_API void iowrite32(u32 value, volatile void __iomem *addr) DMASIM_SYM(iowrite32);
DMASIM_API void iowrite64(u64 value, volatile void __iomem *addr) DMASIM_SYM(iowrite64);
DMASIM_API void iowrite16be(u16 value, volatile void __iomem *addr) DMASIM_SYM(iowrite16be);
DMASIM_API void iowrite32be(u32 value, volatile void __iomem *addr) DMASIM_SYM(iowrite32be);

/* Blocks of registers, in ascending order. Memory may be any driver memory: a checked access of the caller. */
DMASIM_API void memcpy_fromio(void *dst, const volatile void __iomem *src, size_t n) DMASIM_SYM(memcpy_fromio);
DMASIM_API void memcpy_toio(volatile void __iomem *dst, const void *src, size_t n) DMASIM_SYM(memcpy_toio);
DMASIM_API void memset_io(volatile void __iomem *dst, int c, size_t n) DMASIM_SYM(memset_io);

/* n values from or to one register: a FIFO. */
DMASIM_API void readsb(const volatile void __iomem *addr, void *buf, unsigned int n) DMASIM_SYM(readsb);
DMASIM_API void readsw(const volatile void __iomem *addr, void *buf, unsigned int n) DMASIM_SYM(readsw);
DMASIM_API void readsl(const volatile void __iomem *addr, void *buf, unsigned int n) DMASIM_SYM(readsl);
DMASIM_API void writesb(volatile void __iomem *addr, const void *buf, unsigned int n) DMASIM_SYM(writesb);
DMASIM_API void writesw(volatile void __iomem *addr, const void *buf, unsigned int n) DMASIM_SYM(writesw);
DMASIM_API void writesl(volatile void __iomem *addr, const void *buf, unsigned int n) DMASIM_SYM(writesl);
#define ioread8_rep(a, b, n)   readsb((a), (b), (n))
#define ioread16_rep(a, b, n)  readsw((a), (b), (n))
#define ioread32_rep(a, b, n)  readsl((a), (b), (n))
#define iowrite8_rep(a, b, n)  writesb((a), (b), (n))
#define iowrite16_rep(a, b, n) writesw((a), (b), (n))
#define iowrite32_rep(a, b, n) writesl((a), (b), (n))

#endif
