/* SPDX-License-Identifier: MIT */
/* Questions about the configuration. Mirrors include/linux/kconfig.h: CONFIG_X is 1, CONFIG_X_MODULE is 1, or undefined. */
#ifndef DMASIM_LINUX_KCONFIG_H
#define DMASIM_LINUX_KCONFIG_H

/* An option defined as 1 pastes to a name that expands to "0,", which shifts a 1 into the second place. */
#define DMASIM_KCONFIG_PLACE_1			   0,
#define DMASIM_KCONFIG_SECOND(ignored, value, ...) value
#define DMASIM_KCONFIG_PICK(junk_or_nothing)	   DMASIM_KCONFIG_SECOND(junk_or_nothing 1, 0, 0)
#define DMASIM_KCONFIG_PASTE(value)		   DMASIM_KCONFIG_PICK(DMASIM_KCONFIG_PLACE_##value)
#define DMASIM_KCONFIG_DEFINED(option)		   DMASIM_KCONFIG_PASTE(option)

#define IS_BUILTIN(option)   DMASIM_KCONFIG_DEFINED(option)
#define IS_MODULE(option)    DMASIM_KCONFIG_DEFINED(option##_MODULE)
#define IS_ENABLED(option)   (IS_BUILTIN(option) || IS_MODULE(option))
#define IS_REACHABLE(option) IS_ENABLED(option)

#endif
