// SPDX-License-Identifier: MIT
/*
 * Character devices: from a name to a driver's file operations, and the user's side of them.
 *
 * A misc device is its own node; a cdev gets numbers, and device_create() gives a number its name. Opening makes the struct
 * file and struct inode the driver sees, on the host heap. Operations run in task context, as a system call would.
 *
 * Files that tests leave open are closed when the machine is destroyed, and counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/chardev.h>
#include <linux/cdev.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

struct class
{
	struct class *next;
	char name[64];
};

/* A range of numbers that is taken, and what stands behind it once cdev_add() was called. */
struct region {
	struct region *next;
	dev_t first;
	unsigned int count;
	char name[64];
};

struct added {
	struct added *next;
	struct cdev *cdev;
};

struct node {
	struct node *next;
	char name[64];
	struct miscdevice *misc; /* or a number: */
	dev_t devt;
	struct device *dev;
	struct class *class;
};

struct dmasim_file {
	struct dmasim_file *next;
	struct dmasim_machine *m;
	struct file file;
	struct inode inode;
	char name[64];
	unsigned int refs; /* the user's, and one a mapping */
};

struct k_chardevs {
	struct node *nodes;
	struct region *regions;
	struct added *cdevs;
	struct class *classes;
	struct dmasim_file *files;
	unsigned int next_major, next_minor;
};

int k_chardevs_init(struct dmasim_machine *m)
{
	m->chardevs = calloc(1, sizeof(*m->chardevs));
	if (!m->chardevs)
		return sim_error(ENOMEM, "no host memory for character devices");
	m->chardevs->next_major = 240;
	return 0;
}

static struct node *find_node(struct dmasim_machine *m, const char *name)
{
	struct node *n = m->chardevs->nodes;

	while (n && strcmp(n->name, name) != 0)
		n = n->next;
	return n;
}

static struct node *add_node(struct dmasim_machine *m, const char *name)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->next = m->chardevs->nodes;
	m->chardevs->nodes = n;
	return n;
}

static void free_node(struct dmasim_machine *m, struct node *n)
{
	struct node **link = &m->chardevs->nodes;

	while (*link != n)
		link = &(*link)->next;
	*link = n->next;
	free(n);
}

/* ---- misc devices ---- */

int misc_register(struct miscdevice *misc)
{
	struct dmasim_machine *m = k_machine("misc_register");
	struct node *n;

	STACK_ENTER();
	if (!m || !misc || !misc->name || !misc->fops || k_model_call(m, "misc_register"))
		return -EINVAL;
	if (k_fails(m, "misc_register", NULL))
		return -ENOMEM;
	k_might_sleep(m, "misc_register");
	if (find_node(m, misc->name))
		return -EEXIST;
	for (n = m->chardevs->nodes; n && misc->minor != MISC_DYNAMIC_MINOR; n = n->next)
		if (n->misc && n->misc->minor == misc->minor)
			return -EBUSY;
	n = add_node(m, misc->name);
	if (!n)
		return -ENOMEM;
	if (misc->minor == MISC_DYNAMIC_MINOR)
		misc->minor = 256 + (int)m->chardevs->next_minor++;
	n->misc = misc;
	n->devt = MKDEV(MISC_MAJOR, misc->minor);
	return 0;
}

void misc_deregister(struct miscdevice *misc)
{
	struct dmasim_machine *m = k_machine("misc_deregister");

	STACK_ENTER();
	if (!m || !misc || k_model_call(m, "misc_deregister"))
		return;
	k_might_sleep(m, "misc_deregister");
	for (struct node *n = m->chardevs->nodes; n; n = n->next) {
		if (n->misc != misc)
			continue;
		if (misc->minor >= 256)
			misc->minor = MISC_DYNAMIC_MINOR;
		free_node(m, n);
		return;
	}
	k_report(m, &(struct finding){.rule = "kernel-warning",
				      .act_verb = "call",
				      .more = {{"why", "misc_deregister() of a device that is not registered"}}});
}

/* ---- numbers ---- */

static bool overlaps(const struct region *r, dev_t first, unsigned int count)
{
	return first < r->first + r->count && r->first < first + count;
}

int register_chrdev_region(dev_t first, unsigned int count, const char *name)
{
	struct dmasim_machine *m = k_machine("register_chrdev_region");
	struct region *r;

	STACK_ENTER();
	if (!m || count == 0 || count > MINORMASK + 1 - MINOR(first) || k_model_call(m, "register_chrdev_region"))
		return -EINVAL;
	if (k_fails(m, "register_chrdev_region", "alloc_chrdev_region"))
		return -ENOMEM;
	for (r = m->chardevs->regions; r; r = r->next)
		if (overlaps(r, first, count))
			return -EBUSY;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct region){.next = m->chardevs->regions, .first = first, .count = count};
	snprintf(r->name, sizeof(r->name), "%s", name ? name : "");
	m->chardevs->regions = r;
	return 0;
}

int alloc_chrdev_region(dev_t *dev, unsigned int first, unsigned int count, const char *name)
{
	struct dmasim_machine *m = k_machine("alloc_chrdev_region");
	dev_t number;
	int err;

	STACK_ENTER();
	if (!m || !dev || first > MINORMASK)
		return -EINVAL;
	number = MKDEV(m->chardevs->next_major, first);
	err = register_chrdev_region(number, count, name);
	if (err)
		return err;
	m->chardevs->next_major++;
	*dev = number;
	return 0;
}

void unregister_chrdev_region(dev_t first, unsigned int count)
{
	struct dmasim_machine *m = k_machine("unregister_chrdev_region");

	STACK_ENTER();
	if (!m || k_model_call(m, "unregister_chrdev_region"))
		return;
	for (struct region **link = &m->chardevs->regions; *link; link = &(*link)->next) {
		struct region *r = *link;

		if (r->first != first || r->count != count)
			continue;
		*link = r->next;
		free(r);
		return;
	}
}

void cdev_init(struct cdev *cdev, const struct file_operations *fops)
{
	STACK_ENTER();
	if (!cdev) {
		k_no_object("cdev_init", "cdev");
		return;
	}
	*cdev = (struct cdev){.ops = fops};
}

struct cdev *cdev_alloc(void)
{
	struct dmasim_machine *m = k_machine("cdev_alloc");
	struct cdev *cdev;

	STACK_ENTER();
	if (!m || k_model_call(m, "cdev_alloc") || k_fails(m, "cdev_alloc", NULL))
		return NULL;
	cdev = calloc(1, sizeof(*cdev));
	if (cdev)
		cdev->allocated = true;
	return cdev;
}

int cdev_add(struct cdev *cdev, dev_t dev, unsigned int count)
{
	struct dmasim_machine *m = k_machine("cdev_add");
	struct added *a;

	STACK_ENTER();
	if (!m || !cdev || count == 0 || k_model_call(m, "cdev_add"))
		return -EINVAL;
	if (k_fails(m, "cdev_add", NULL))
		return -ENOMEM;
	for (a = m->chardevs->cdevs; a; a = a->next)
		if (dev < a->cdev->dev + a->cdev->count && a->cdev->dev < dev + count)
			return -EBUSY;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	cdev->dev = dev;
	cdev->count = count;
	*a = (struct added){.next = m->chardevs->cdevs, .cdev = cdev};
	m->chardevs->cdevs = a;
	return 0;
}

void cdev_del(struct cdev *cdev)
{
	struct dmasim_machine *m = k_machine("cdev_del");

	STACK_ENTER();
	if (!m || !cdev || k_model_call(m, "cdev_del"))
		return;
	for (struct added **link = &m->chardevs->cdevs; *link; link = &(*link)->next) {
		struct added *a = *link;

		if (a->cdev != cdev)
			continue;
		*link = a->next;
		free(a);
		break;
	}
	if (cdev->allocated)
		free(cdev);
}

/* ---- classes: names of numbers ---- */

struct class *dmasim_class_create(const char *name)
{
	struct dmasim_machine *m = k_machine("class_create");
	struct class *class;

	STACK_ENTER();
	if (!m || !name || k_model_call(m, "class_create"))
		return ERR_PTR(-EINVAL);
	class = k_fails(m, "class_create", NULL) ? NULL : calloc(1, sizeof(*class));
	if (!class)
		return ERR_PTR(-ENOMEM);
	snprintf(class->name, sizeof(class->name), "%s", name);
	class->next = m->chardevs->classes;
	m->chardevs->classes = class;
	return class;
}

void class_destroy(struct class *class)
{
	struct dmasim_machine *m = k_machine("class_destroy");

	if (!m || IS_ERR_OR_NULL(class))
		return;
	for (struct class **link = &m->chardevs->classes; *link; link = &(*link)->next) {
		if (*link != class)
			continue;
		*link = class->next;
		free(class);
		return;
	}
}

static void child_free(struct device *dev)
{
	free(dev);
}

struct device *device_create(struct class *class, struct device *parent, dev_t devt, void *drvdata, const char *fmt,
			     ...)
{
	struct dmasim_machine *m = k_machine("device_create");
	struct device *dev;
	struct node *n = NULL;
	char name[64];
	va_list args;

	STACK_ENTER();
	if (!m || IS_ERR_OR_NULL(class) || !fmt || k_model_call(m, "device_create"))
		return ERR_PTR(-EINVAL);
	if (k_fails(m, "device_create", NULL))
		return ERR_PTR(-ENOMEM);
	k_might_sleep(m, "device_create");
	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	if (find_node(m, name))
		return ERR_PTR(-EEXIST);
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->parent = parent;
	dev->devt = devt;
	dev->class = class;
	dev->driver_data = drvdata;
	if (k_device_add(m, dev, name, child_free))
		n = add_node(m, name);
	else
		free(dev);
	if (!n)
		return ERR_PTR(-ENOMEM);
	n->devt = devt;
	n->dev = dev;
	n->class = class;
	return dev;
}

void device_destroy(struct class *class, dev_t devt)
{
	struct dmasim_machine *m = k_machine("device_destroy");

	STACK_ENTER();
	if (!m || k_model_call(m, "device_destroy"))
		return;
	for (struct node *n = m->chardevs->nodes; n; n = n->next) {
		struct dmasim_device_private *p;

		if (n->misc || n->class != class || n->devt != devt)
			continue;
		p = k_device(n->dev, "device_destroy");
		free_node(m, n);
		if (p)
			k_device_remove(m, p);
		return;
	}
}

/* ---- what drivers point llseek and open at ---- */

loff_t no_llseek(struct file *file, loff_t offset, int whence)
{
	(void)file;
	(void)offset;
	(void)whence;
	return -ESPIPE;
}

loff_t noop_llseek(struct file *file, loff_t offset, int whence)
{
	(void)offset;
	(void)whence;
	return file ? file->f_pos : 0;
}

int nonseekable_open(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	return 0;
}

/* ---- the user's side ---- */

static struct cdev *cdev_of(struct dmasim_machine *m, dev_t devt)
{
	for (const struct added *a = m->chardevs->cdevs; a; a = a->next)
		if (devt - a->cdev->dev < a->cdev->count)
			return a->cdev;
	return NULL;
}

struct dmasim_file *dmasim_open(const char *name, int flags)
{
	struct dmasim_machine *m = k_machine("dmasim_open");
	struct dmasim_file *f;
	const struct file_operations *ops = NULL;
	struct cdev *cdev = NULL;
	struct node *n;
	int err = 0;

	STACK_ENTER();
	if (!m) {
		errno = ENODEV;
		return NULL;
	}
	if (name && strncmp(name, "/dev/", 5) == 0)
		name += 5;
	n = name ? find_node(m, name) : NULL;
	if (n && n->misc)
		ops = n->misc->fops;
	else if (n && (cdev = cdev_of(m, n->devt)))
		ops = cdev->ops;
	if (!ops) {
		sim_error(ENOENT, "dmasim_open: no character device \"%s\"", name ? name : "(null)");
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	if (!f) {
		sim_error(ENOMEM, "no host memory for an open file");
		return NULL;
	}
	f->m = m;
	f->refs = 1;
	snprintf(f->name, sizeof(f->name), "%s", n->name);
	f->inode = (struct inode){.i_rdev = n->devt, .i_cdev = cdev};
	f->file = (struct file){.f_op = ops,
				.f_flags = (unsigned int)flags,
				.f_mode = (flags & O_ACCMODE) == O_RDONLY   ? FMODE_READ
					  : (flags & O_ACCMODE) == O_WRONLY ? FMODE_WRITE
									    : FMODE_READ | FMODE_WRITE,
				.f_inode = &f->inode,
				.private_data = n->misc};
	if (ops->open) {
		k_callback_enter(m, f->name);
		err = ops->open(&f->inode, &f->file);
		k_callback_exit(m);
	}
	if (err) {
		free(f);
		sim_error(err < 0 ? -err : EIO, "dmasim_open: the driver's open of %s returned %d", name, err);
		return NULL;
	}
	f->next = m->chardevs->files;
	m->chardevs->files = f;
	return f;
}

/* The machine of an open file, if the file may be used now. */
static struct dmasim_machine *use(struct dmasim_file *f, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	const struct dmasim_file *known;

	if (!m || k_model_call(m, function))
		return NULL;
	for (known = m->chardevs->files; known && known != f; known = known->next)
		;
	if (!known) {
		sim_error(EBADF, "%s: this is no open file of the current machine", function);
		return NULL;
	}
	return m;
}

long dmasim_read(struct dmasim_file *f, void *buf, size_t n)
{
	struct dmasim_machine *m = use(f, "dmasim_read");
	long result;

	STACK_ENTER();
	if (!m || !(f->file.f_mode & FMODE_READ))
		return -EBADF;
	if (!f->file.f_op->read)
		return -EINVAL;
	k_callback_enter(m, f->name);
	result = f->file.f_op->read(&f->file, buf, n, &f->file.f_pos);
	k_callback_exit(m);
	return result;
}

long dmasim_write(struct dmasim_file *f, const void *buf, size_t n)
{
	struct dmasim_machine *m = use(f, "dmasim_write");
	long result;

	STACK_ENTER();
	if (!m || !(f->file.f_mode & FMODE_WRITE))
		return -EBADF;
	if (!f->file.f_op->write)
		return -EINVAL;
	k_callback_enter(m, f->name);
	result = f->file.f_op->write(&f->file, buf, n, &f->file.f_pos);
	k_callback_exit(m);
	return result;
}

long dmasim_ioctl(struct dmasim_file *f, unsigned int command, void *arg)
{
	struct dmasim_machine *m = use(f, "dmasim_ioctl");
	long result;

	STACK_ENTER();
	if (!m)
		return -EBADF;
	if (!f->file.f_op->unlocked_ioctl)
		return -ENOTTY;
	k_callback_enter(m, f->name);
	result = f->file.f_op->unlocked_ioctl(&f->file, command, (unsigned long)arg);
	k_callback_exit(m);
	return result == -ENOIOCTLCMD ? -ENOTTY : result;
}

struct file *k_file_get(struct dmasim_file *f, const char *function, const char **name)
{
	if (!use(f, function)) {
		errno = EBADF;
		return NULL;
	}
	f->refs++;
	*name = f->name;
	return &f->file;
}

void k_file_dup(struct file *file)
{
	container_of(file, struct dmasim_file, file)->refs++;
}

int k_file_put(struct dmasim_machine *m, struct file *file)
{
	struct dmasim_file *f = container_of(file, struct dmasim_file, file);
	int result = 0;

	if (--f->refs)
		return 0;
	if (file->f_op->release) {
		k_callback_enter(m, f->name);
		result = file->f_op->release(&f->inode, file);
		k_callback_exit(m);
	}
	free(f);
	return result;
}

int dmasim_close(struct dmasim_file *f)
{
	struct dmasim_machine *m;
	struct dmasim_file **link;

	STACK_ENTER();
	if (!f)
		return 0;
	m = use(f, "dmasim_close");
	if (!m)
		return -EBADF;
	for (link = &m->chardevs->files; *link != f; link = &(*link)->next)
		;
	*link = f->next;
	return k_file_put(m, &f->file);
}

void k_chardevs_close_all(struct dmasim_machine *m)
{
	u64 n = 0;

	m->hooks.user_exits(m);
	while (m->chardevs && m->chardevs->files) {
		dmasim_close(m->chardevs->files);
		n++;
	}
	if (n)
		m->hooks.fact(m, "files left open", n);
}

void k_chardevs_exit(struct dmasim_machine *m)
{
	struct k_chardevs *c = m->chardevs;

	if (!c)
		return;
	while (c->files) {
		struct dmasim_file *f = c->files;

		c->files = f->next;
		free(f);
	}
	while (c->nodes)
		free_node(m, c->nodes);
	while (c->regions) {
		struct region *r = c->regions;

		c->regions = r->next;
		free(r);
	}
	while (c->cdevs) {
		struct added *a = c->cdevs;

		c->cdevs = a->next;
		free(a);
	}
	while (c->classes) {
		struct class *class = c->classes;

		c->classes = class->next;
		free(class);
	}
	free(c);
	m->chardevs = NULL;
}
