/* SPDX-License-Identifier: MIT */
/* The configuration, until 2.6.18 included by hand. Empty: nothing here depends on one. */
#ifndef DMASIM_ERA_2_6_LINUX_CONFIG_H
#define DMASIM_ERA_2_6_LINUX_CONFIG_H
#endif
