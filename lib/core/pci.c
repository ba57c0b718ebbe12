// SPDX-License-Identifier: MIT
/*
 * PCI functions: configuration space, BARs, interrupt vectors.
 *
 * The 256 bytes of configuration space are kept as the function has them; writes go through a mask of writable bits.
 * The COMMAND register is what counts: its master bit switches the hardware's bus master, its memory bit the decoding of
 * BARs, its INTx bit the pin. The functions of <linux/pci.h> read and write these bits as the kernel's do.
 *
 * A function with message-signalled vectors has an MSI capability; a message is a memory write, so it is lost while
 * mastering is off.
 *
 * Weakness: one bus, no bridges, 32-bit BARs; writes to BARs only answer the sizing protocol, windows do not move.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/pci.h>
#include "lib/core/device.h"
#include "lib/core/irq.h"
#include "lib/core/pci.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

#define CAP_MSI 0x40 /* where the capability stands in configuration space */

static u16 config16(const struct k_pci *pci, unsigned int where)
{
	return (u16)(pci->config[where] | pci->config[where + 1] << 8);
}

static void config_set16(struct k_pci *pci, unsigned int where, u16 value)
{
	pci->config[where] = (u8)value;
	pci->config[where + 1] = (u8)(value >> 8);
}

static void config_set32(struct k_pci *pci, unsigned int where, u32 value)
{
	config_set16(pci, where, (u16)value);
	config_set16(pci, where + 2, (u16)(value >> 16));
}

static u16 command(const struct k_pci *pci)
{
	return config16(pci, PCI_COMMAND);
}

static void command_set(struct k_pci *pci, u16 value)
{
	config_set16(pci, PCI_COMMAND, value);
	pci->p->master.enabled = value & PCI_COMMAND_MASTER;
}

struct k_pci *k_pci_of(const struct pci_dev *pdev, const char *function)
{
	struct dmasim_device_private *p;

	p = k_device(pdev ? (struct device *)(uintptr_t)&pdev->dev : NULL, function);
	if (p && !p->pci)
		sim_error(EINVAL, "%s: %s is no PCI function", function, p->name);
	return p ? p->pci : NULL;
}

/* ---- what the device model says ---- */

static void container_free(struct device *dev)
{
	free(container_of(container_of(dev, struct pci_dev, dev), struct k_pci, pdev));
}

struct device *dmasim_pci_device_create(const struct dmasim_pci_config *config)
{
	struct dmasim_machine *m = k_machine("dmasim_pci_device_create");
	struct k_pci *pci;
	struct pci_dev *pdev;
	char name[32];
	int irq;

	if (!m)
		return NULL;
	if (!config || config->address_bits > 64 || config->msi_vectors > PCI_MAX_VECTORS) {
		sim_error(EINVAL, "dmasim_pci_device_create: %s",
			  !config		      ? "no configuration"
			  : config->address_bits > 64 ? "at most 64 address bits"
						      : "at most 32 vectors");
		return NULL;
	}
	pci = calloc(1, sizeof(*pci));
	if (!pci) {
		sim_error(ENOMEM, "no host memory for a PCI function");
		return NULL;
	}
	pdev = &pci->pdev;
	snprintf(name, sizeof(name), "0000:00:%02x.0", (m->devices->next_id + 1) & 0x1f);
	*pdev = (struct pci_dev){.devfn = (m->devices->next_id + 1) << 3 & 0xff,
				 .vendor = config->vendor,
				 .device = config->device,
				 .subsystem_vendor = config->subsystem_vendor,
				 .subsystem_device = config->subsystem_device,
				 .class = config->class_code & 0xffffff,
				 .revision = config->revision,
				 .pin = 1,
				 .bus = &pci->bus,
				 .cfg_size = sizeof(pci->config),
				 .dma_mask = 0xffffffff};
	pdev->dev.bus = &pci_bus_type;
	pdev->dev.dma_mask = &pdev->dma_mask;
	pdev->dev.coherent_dma_mask = 0xffffffff;
	pci->msi_offered = config->msi_vectors;
	config_set16(pci, PCI_VENDOR_ID, config->vendor);
	config_set16(pci, PCI_DEVICE_ID, config->device);
	config_set32(pci, PCI_REVISION_ID, config->class_code << 8 | config->revision);
	config_set16(pci, PCI_SUBSYSTEM_VENDOR_ID, config->subsystem_vendor);
	config_set16(pci, PCI_SUBSYSTEM_ID, config->subsystem_device);
	pci->config[PCI_INTERRUPT_PIN] = 1;
	if (config->msi_vectors) {
		config_set16(pci, PCI_STATUS, PCI_STATUS_CAP_LIST);
		pci->config[PCI_CAPABILITY_LIST] = CAP_MSI;
		pci->config[CAP_MSI] = PCI_CAP_ID_MSI;
		pci->config[CAP_MSI + PCI_MSI_FLAGS] = (u8)((31 - __builtin_clz(config->msi_vectors)) << 1);
	}
	irq = k_irq_alloc(m, &pdev->dev);
	if (irq < 0) {
		free(pci);
		return NULL;
	}
	pdev->irq = pci->intx = (unsigned int)irq;
	pci->config[PCI_INTERRUPT_LINE] = (u8)irq;
	pci->p = k_device_add(m, &pdev->dev, config->name && *config->name ? config->name : name, container_free);
	if (!pci->p) {
		k_irq_release(m, (unsigned int)irq);
		free(pci);
		return NULL;
	}
	pci->p->pci = pci;
	pci->p->irq = irq;
	if (config->address_bits)
		pci->p->master.address_bits = config->address_bits;
	command_set(pci, 0);
	return &pdev->dev;
}

void k_pci_bar_added(struct dmasim_device_private *p, unsigned int n)
{
	const struct sim_mmio *mmio = p->mmio[n];

	p->pci->pdev.resource[n] = (struct resource){
		.start = mmio->phys, .end = mmio->phys + mmio->size - 1, .name = p->name, .flags = IORESOURCE_MEM};
	config_set32(p->pci, PCI_BASE_ADDRESS_0 + 4 * n, (u32)mmio->phys & PCI_BASE_ADDRESS_MEM_MASK);
}

void k_pci_detach(struct dmasim_machine *m, struct dmasim_device_private *p)
{
	struct k_pci *pci = p->pci;

	if (!pci)
		return;
	for (unsigned int i = 0; i < pci->nr_vectors; i++)
		k_irq_release(m, pci->vectors[i]);
	pci->nr_vectors = 0;
	for (unsigned int bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (pci->claimed & 1U << bar)
			k_region_release(m, pci->pdev.resource[bar].start, resource_size(&pci->pdev.resource[bar]));
	pci->claimed = 0;
}

bool k_pci_decodes(const struct dmasim_device_private *p)
{
	return !p || !p->pci || command(p->pci) & PCI_COMMAND_MEMORY;
}

int k_pci_interrupt(struct dmasim_machine *m, struct dmasim_device_private *p, unsigned int vector)
{
	const struct k_pci *pci = p->pci;

	if (pci->nr_vectors) {
		if (vector >= pci->nr_vectors)
			return -1;
		if (!(command(pci) & PCI_COMMAND_MASTER)) {
			k_report(m,
				 &(struct finding){
					 .rule = "bus-master-off",
					 .dev = p->dev,
					 .act_verb = "write",
					 .more = {{"message", "the interrupt is a message, which is a memory write"}}});
			return -1;
		}
		return (int)pci->vectors[vector];
	}
	if (vector || command(pci) & PCI_COMMAND_INTX_DISABLE || pci->pdev.enable_cnt == 0)
		return -1;
	return (int)pci->intx;
}

/* ---- configuration space ---- */

/* Which bits software may change; registers not listed are read-only. */
static u32 writable(unsigned int where)
{
	switch (where & ~3U) {
	case PCI_COMMAND & ~3:
		return PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		       PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE;
	case PCI_CACHE_LINE_SIZE & ~3:
		return 0x0000ffff; /* and the latency timer */
	case PCI_INTERRUPT_LINE & ~3:
		return 0x000000ff;
	default:
		return where >= CAP_MSI ? 0xffffffff : 0;
	}
}

static int config_read(const struct pci_dev *pdev, int where, unsigned int size, u32 *value, const char *function)
{
	const struct k_pci *pci = k_pci_of(pdev, function);

	*value = size == 4 ? 0xffffffff : (1U << 8 * size) - 1;
	if (!pci || k_model_call(pci->p->machine, function))
		return -EINVAL;
	if (where < 0 || where % size || where + size > sizeof(pci->config))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	*value = 0;
	for (unsigned int i = 0; i < size; i++)
		*value |= (u32)pci->config[where + i] << 8 * i;
	k_safe_point(pci->p->machine, 1000);
	return 0;
}

static int config_write(const struct pci_dev *pdev, int where, unsigned int size, u32 value, const char *function)
{
	struct k_pci *pci = k_pci_of(pdev, function);

	if (!pci || k_model_call(pci->p->machine, function))
		return -EINVAL;
	if (where < 0 || where % size || where + size > sizeof(pci->config))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	for (unsigned int i = 0; i < size; i++) {
		u8 bits = (u8)(writable(where + i) >> 8 * ((where + i) % 4));

		pci->config[where + i] = (pci->config[where + i] & ~bits) | ((u8)(value >> 8 * i) & bits);
	}
	command_set(pci, command(pci));
	k_safe_point(pci->p->machine, 1000);
	return 0;
}

#define CONFIG_ACCESS(name, type, size)                                                 \
	int pci_read_config_##name(const struct pci_dev *pdev, int where, type *val)    \
	{                                                                               \
		u32 value;                                                              \
		int err;                                                                \
                                                                                        \
		STACK_ENTER();                                                          \
		err = config_read(pdev, where, size, &value, "pci_read_config_" #name); \
		if (val)                                                                \
			*val = (type)value;                                             \
		return val ? err : -EINVAL;                                             \
	}                                                                               \
	int pci_write_config_##name(const struct pci_dev *pdev, int where, type val)    \
	{                                                                               \
		STACK_ENTER();                                                          \
		return config_write(pdev, where, size, val, "pci_write_config_" #name); \
	}

CONFIG_ACCESS(byte, u8, 1)
CONFIG_ACCESS(word, u16, 2)
CONFIG_ACCESS(dword, u32, 4)

int pci_find_capability(struct pci_dev *pdev, int cap)
{
	const struct k_pci *pci = k_pci_of(pdev, "pci_find_capability");

	return pci && pci->msi_offered && cap == PCI_CAP_ID_MSI ? CAP_MSI : 0;
}

/* ---- enabling ---- */

static int enable(struct pci_dev *pdev, const char *function)
{
	struct k_pci *pci = k_pci_of(pdev, function);
	struct dmasim_machine *m;

	if (!pci)
		return -EINVAL;
	m = pci->p->machine;
	if (k_model_call(m, function))
		return -EINVAL;
	if (k_fails(m, function, "pci_enable_device"))
		return -EIO;
	k_might_sleep(m, function);
	if (pdev->enable_cnt++ > 0)
		return 0;
	command_set(pci, (command(pci) | PCI_COMMAND_MEMORY) & ~PCI_COMMAND_INTX_DISABLE);
	return 0;
}

static void disable(struct k_pci *pci, const char *function)
{
	struct pci_dev *pdev = &pci->pdev;
	struct finding f = {.rule = "kernel-warning", .dev = &pdev->dev, .act_verb = "call"};

	if (k_model_call(pci->p->machine, function))
		return;
	if (pdev->enable_cnt <= 0) {
		f.more[0].label = "why";
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(): the device is not enabled", function);
		k_report(pci->p->machine, &f);
		return;
	}
	if (--pdev->enable_cnt > 0)
		return;
	command_set(pci, command(pci) & ~PCI_COMMAND_MASTER);
	pdev->is_busmaster = 0;
}

int pci_enable_device(struct pci_dev *pdev)
{
	STACK_ENTER();
	return enable(pdev, "pci_enable_device");
}

int pci_enable_device_mem(struct pci_dev *pdev)
{
	STACK_ENTER();
	return enable(pdev, "pci_enable_device_mem");
}

void pci_disable_device(struct pci_dev *pdev)
{
	struct k_pci *pci = k_pci_of(pdev, "pci_disable_device");

	STACK_ENTER();
	if (pci)
		disable(pci, "pci_disable_device");
}

static void master_set(struct pci_dev *pdev, bool on, const char *function)
{
	struct k_pci *pci = k_pci_of(pdev, function);

	if (!pci || k_model_call(pci->p->machine, function))
		return;
	command_set(pci, on ? command(pci) | PCI_COMMAND_MASTER : command(pci) & ~PCI_COMMAND_MASTER);
	pdev->is_busmaster = on;
}

void pci_set_master(struct pci_dev *pdev)
{
	STACK_ENTER();
	master_set(pdev, true, "pci_set_master");
}

void pci_clear_master(struct pci_dev *pdev)
{
	STACK_ENTER();
	master_set(pdev, false, "pci_clear_master");
}

void pci_intx(struct pci_dev *pdev, int on)
{
	struct k_pci *pci = k_pci_of(pdev, "pci_intx");

	if (pci)
		command_set(pci,
			    on ? command(pci) & ~PCI_COMMAND_INTX_DISABLE : command(pci) | PCI_COMMAND_INTX_DISABLE);
}

static void managed_disable(struct device *dev, void *data)
{
	struct k_pci *pci = data;

	(void)dev;
	k_pci_regions_release(pci, pci->claimed_managed);
	pci->claimed_managed = 0;
	if (pci->pdev.enable_cnt > 0 && pci->pdev.is_managed)
		disable(pci, "pcim_enable_device");
	pci->pdev.is_managed = 0;
}

int pcim_enable_device(struct pci_dev *pdev)
{
	struct k_pci *pci = k_pci_of(pdev, "pcim_enable_device");
	int err;

	STACK_ENTER();
	err = enable(pdev, "pcim_enable_device");
	if (err || pdev->is_managed)
		return err;
	err = k_devres_add(&pdev->dev, managed_disable, pci);
	if (err) {
		disable(pci, "pcim_enable_device");
		return err;
	}
	pdev->is_managed = 1;
	return 0;
}

/* ---- interrupt vectors ---- */

static int vectors_alloc(struct k_pci *pci, unsigned int min, unsigned int max, unsigned int flags)
{
	struct dmasim_machine *m = pci->p->machine;
	unsigned int n = max < pci->msi_offered ? max : pci->msi_offered;

	if (pci->nr_vectors)
		return -EINVAL;
	if (flags & (PCI_IRQ_MSI | PCI_IRQ_MSIX) && n >= min && n > 0) {
		for (unsigned int i = 0; i < n; i++) {
			int irq = k_irq_alloc(m, &pci->pdev.dev);

			if (irq < 0) {
				while (i-- > 0)
					k_irq_release(m, pci->vectors[i]);
				return -ENOSPC;
			}
			pci->vectors[i] = (unsigned int)irq;
		}
		pci->nr_vectors = n;
		pci->config[CAP_MSI + PCI_MSI_FLAGS] |= PCI_MSI_FLAGS_ENABLE;
		command_set(pci, command(pci) | PCI_COMMAND_INTX_DISABLE);
		pci->pdev.msi_enabled = 1;
		pci->pdev.irq = pci->vectors[0];
		return (int)n;
	}
	if (flags & PCI_IRQ_LEGACY && min == 1 && pci->intx) {
		command_set(pci, command(pci) & ~PCI_COMMAND_INTX_DISABLE);
		return 1;
	}
	return -ENOSPC;
}

static void vectors_free(struct k_pci *pci)
{
	struct dmasim_machine *m = pci->p->machine;

	for (unsigned int i = 0; i < pci->nr_vectors; i++) {
		if (k_irq_requested(m, pci->vectors[i]))
			k_report(m, &(struct finding){
					    .rule = "irq-leak",
					    .dev = &pci->pdev.dev,
					    .act_verb = "free",
					    .more = {{"vector",
						      "freed with its handler still requested: free_irq() first"}}});
		k_irq_release(m, pci->vectors[i]);
	}
	pci->nr_vectors = 0;
	pci->config[CAP_MSI + PCI_MSI_FLAGS] &= (u8)~PCI_MSI_FLAGS_ENABLE;
	command_set(pci, command(pci) & ~PCI_COMMAND_INTX_DISABLE);
	pci->pdev.msi_enabled = 0;
	pci->pdev.irq = pci->intx;
}

int pci_alloc_irq_vectors(struct pci_dev *pdev, unsigned int min, unsigned int max, unsigned int flags)
{
	struct k_pci *pci = k_pci_of(pdev, "pci_alloc_irq_vectors");

	STACK_ENTER();
	if (!pci || k_model_call(pci->p->machine, "pci_alloc_irq_vectors"))
		return -EINVAL;
	if (k_fails(pci->p->machine, "pci_alloc_irq_vectors", NULL))
		return -ENOSPC;
	k_might_sleep(pci->p->machine, "pci_alloc_irq_vectors");
	if (min == 0 || max < min)
		return -EINVAL;
	return vectors_alloc(pci, min, max, flags);
}

void pci_free_irq_vectors(struct pci_dev *pdev)
{
	struct k_pci *pci = k_pci_of(pdev, "pci_free_irq_vectors");

	STACK_ENTER();
	if (!pci || k_model_call(pci->p->machine, "pci_free_irq_vectors"))
		return;
	k_might_sleep(pci->p->machine, "pci_free_irq_vectors");
	if (pci->nr_vectors)
		vectors_free(pci);
}

int pci_irq_vector(struct pci_dev *pdev, unsigned int nr)
{
	const struct k_pci *pci = k_pci_of(pdev, "pci_irq_vector");

	if (!pci)
		return -EINVAL;
	if (pci->nr_vectors)
		return nr < pci->nr_vectors ? (int)pci->vectors[nr] : -EINVAL;
	return nr == 0 ? (int)pdev->irq : -EINVAL;
}

int pci_enable_msi(struct pci_dev *pdev)
{
	struct k_pci *pci = k_pci_of(pdev, "pci_enable_msi");
	int n;

	STACK_ENTER();
	if (!pci || k_model_call(pci->p->machine, "pci_enable_msi"))
		return -EINVAL;
	if (k_fails(pci->p->machine, "pci_enable_msi", NULL))
		return -EINVAL;
	k_might_sleep(pci->p->machine, "pci_enable_msi");
	n = vectors_alloc(pci, 1, 1, PCI_IRQ_MSI);
	return n < 0 ? n : 0;
}

void pci_disable_msi(struct pci_dev *pdev)
{
	struct k_pci *pci = k_pci_of(pdev, "pci_disable_msi");

	STACK_ENTER();
	if (pci && pci->nr_vectors && !k_model_call(pci->p->machine, "pci_disable_msi"))
		vectors_free(pci);
}
