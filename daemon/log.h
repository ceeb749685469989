/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log.h - lines on standard error
 */
#ifndef GKSM_LOG_H
#define GKSM_LOG_H

/**
 * enum gksm_log_level - how much is said
 * @GKSM_LOG_ERROR: what stops the program, and what to do about it
 * @GKSM_LOG_WARN:  what an administrator should look at
 * @GKSM_LOG_INFO:  what was chosen; the default
 * @GKSM_LOG_DEBUG: what explains a choice
 */
enum gksm_log_level {
	GKSM_LOG_ERROR,
	GKSM_LOG_WARN,
	GKSM_LOG_INFO,
	GKSM_LOG_DEBUG,
};

void gksm_log_open(const char *program, enum gksm_log_level level);
void gksm_log_line(enum gksm_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define gksm_error(...) gksm_log_line(GKSM_LOG_ERROR, __VA_ARGS__)
#define gksm_warn(...) gksm_log_line(GKSM_LOG_WARN, __VA_ARGS__)
#define gksm_info(...) gksm_log_line(GKSM_LOG_INFO, __VA_ARGS__)
#define gksm_debug(...) gksm_log_line(GKSM_LOG_DEBUG, __VA_ARGS__)

#endif /* GKSM_LOG_H */
