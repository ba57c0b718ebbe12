/* SPDX-License-Identifier: MIT */
/* How pages are mapped: protection and memory type. Mirrors asm/pgtable.h; the bits are this library's own. */
#ifndef DMASIM_ASM_PGTABLE_H
#define DMASIM_ASM_PGTABLE_H

#include <linux/types.h>

typedef struct {
	unsigned long pgprot;
} pgprot_t;

#define pgprot_val(x) ((x).pgprot)
#define __pgprot(x)   ((pgprot_t){(x)})

#define DMASIM_PROT_READ     0x1UL
#define DMASIM_PROT_WRITE    0x2UL
#define DMASIM_PROT_EXEC     0x4UL
#define DMASIM_PROT_UNCACHED 0x10UL /* one of these three, or none: cached */
#define DMASIM_PROT_WC	     0x20UL
#define DMASIM_PROT_DEVICE   0x40UL
#define DMASIM_PROT_TYPE     0x70UL

#define PAGE_NONE     __pgprot(0)
#define PAGE_READONLY __pgprot(DMASIM_PROT_READ)
#define PAGE_SHARED   __pgprot(DMASIM_PROT_READ | DMASIM_PROT_WRITE)
#define PAGE_KERNEL   __pgprot(DMASIM_PROT_READ | DMASIM_PROT_WRITE)

static inline pgprot_t dmasim_pgprot_type(pgprot_t prot, unsigned long type)
{
	return __pgprot((pgprot_val(prot) & ~DMASIM_PROT_TYPE) | type);
}
/* Registers; memory whose writes may be gathered; coherent memory of devices that do not snoop. */
#define pgprot_noncached(prot)	  dmasim_pgprot_type((prot), DMASIM_PROT_UNCACHED)
#define pgprot_writecombine(prot) dmasim_pgprot_type((prot), DMASIM_PROT_WC)
#define pgprot_dmacoherent(prot)  dmasim_pgprot_type((prot), DMASIM_PROT_UNCACHED)
#define pgprot_device(prot)	  dmasim_pgprot_type((prot), DMASIM_PROT_DEVICE)

#endif
