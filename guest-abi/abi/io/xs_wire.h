/* SPDX-License-Identifier: MIT */
/*
 * The store's wire protocol: a header and a payload, the same on the local
 * socket and on the page that each domain shares with the store daemon.
 */
#ifndef ABI_IO_XS_WIRE_H
#define ABI_IO_XS_WIRE_H

#include <abi/types.h>

enum xsd_sockmsg_type {
	XS_CONTROL = 0,
	XS_DEBUG = XS_CONTROL,		/* its old name */
	XS_DIRECTORY = 1,
	XS_READ = 2,
	XS_GET_PERMS = 3,
	XS_WATCH = 4,
	XS_UNWATCH = 5,
	XS_TRANSACTION_START = 6,
	XS_TRANSACTION_END = 7,
	XS_INTRODUCE = 8,
	XS_RELEASE = 9,
	XS_GET_DOMAIN_PATH = 10,
	XS_WRITE = 11,
	XS_MKDIR = 12,
	XS_RM = 13,
	XS_SET_PERMS = 14,
	XS_WATCH_EVENT = 15,
	XS_ERROR = 16,
	XS_IS_DOMAIN_INTRODUCED = 17,
	XS_RESUME = 18,
	XS_SET_TARGET = 19,
	/* 20 was XS_RESTRICT */
	XS_RESET_WATCHES = 21,
	XS_DIRECTORY_PART = 22,
	XS_TYPE_COUNT,			/* not a message: one past the last */
	XS_INVALID = 0xffff,
};

/* Lengths, without the header, with the closing zero of a path. */
#define XENSTORE_PAYLOAD_MAX	4096
#define XENSTORE_ABS_PATH_MAX	3072
#define XENSTORE_REL_PATH_MAX	2048

struct xsd_sockmsg {
	uint32_t type;			/* enum xsd_sockmsg_type */
	uint32_t req_id;		/* comes back in the answer */
	uint32_t tx_id;			/* 0: outside any transaction */
	uint32_t len;			/* bytes that follow */
};
ABI_SIZE(struct xsd_sockmsg, 16);
ABI_OFFSET(struct xsd_sockmsg, type, 0);
ABI_OFFSET(struct xsd_sockmsg, req_id, 4);
ABI_OFFSET(struct xsd_sockmsg, tx_id, 8);
ABI_OFFSET(struct xsd_sockmsg, len, 12);

/* Order of the strings in an XS_WATCH_EVENT. */
enum xs_watch_type {
	XS_WATCH_PATH = 0,
	XS_WATCH_TOKEN,
};

#define XS_WRITE_NONE		"NONE"
#define XS_WRITE_CREATE		"CREATE"
#define XS_WRITE_CREATE_EXCL	"CREATE|EXCL"

/* An XS_ERROR carries one of these names as text. */
struct xsd_errors {
	int errnum;
	const char *errstring;
};
ABI_SIZE(struct xsd_errors, 16);
ABI_OFFSET(struct xsd_errors, errnum, 0);
ABI_OFFSET(struct xsd_errors, errstring, 8);

#define XSD_ERROR_LIST(X) \
	X(EINVAL) X(EACCES) X(EEXIST) X(EISDIR) X(ENOENT) X(ENOMEM) \
	X(ENOSPC) X(EIO) X(ENOTEMPTY) X(ENOSYS) X(EROFS) X(EBUSY) \
	X(EAGAIN) X(EISCONN) X(E2BIG) X(EPERM)

/* ---- the shared page ---- */

#define XENSTORE_RING_SIZE	1024

typedef uint32_t XENSTORE_RING_IDX;

#define MASK_XENSTORE_IDX(idx)	((idx) & (XENSTORE_RING_SIZE - 1))

struct xenstore_domain_interface {
	char req[XENSTORE_RING_SIZE];
	char rsp[XENSTORE_RING_SIZE];
	XENSTORE_RING_IDX req_cons, req_prod;
	XENSTORE_RING_IDX rsp_cons, rsp_prod;
	uint32_t server_features;	/* XENSTORE_SERVER_FEATURE_* */
	uint32_t connection;		/* XENSTORE_CONNECTED or _RECONNECT */
	uint32_t error;			/* XENSTORE_ERROR_* */
};
ABI_SIZE(struct xenstore_domain_interface, 2076);
ABI_OFFSET(struct xenstore_domain_interface, req, 0);
ABI_OFFSET(struct xenstore_domain_interface, rsp, 1024);
ABI_OFFSET(struct xenstore_domain_interface, req_cons, 2048);
ABI_OFFSET(struct xenstore_domain_interface, req_prod, 2052);
ABI_OFFSET(struct xenstore_domain_interface, rsp_cons, 2056);
ABI_OFFSET(struct xenstore_domain_interface, rsp_prod, 2060);
ABI_OFFSET(struct xenstore_domain_interface, server_features, 2064);
ABI_OFFSET(struct xenstore_domain_interface, connection, 2068);
ABI_OFFSET(struct xenstore_domain_interface, error, 2072);

#define XENSTORE_SERVER_FEATURE_RECONNECTION	1
#define XENSTORE_SERVER_FEATURE_ERROR		2

#define XENSTORE_CONNECTED	0
#define XENSTORE_RECONNECT	1

#define XENSTORE_ERROR_NONE	0
#define XENSTORE_ERROR_COMM	1	/* something failed in between */
#define XENSTORE_ERROR_RINGIDX	2	/* impossible index */
#define XENSTORE_ERROR_PROTO	3	/* impossible message */

#endif /* ABI_IO_XS_WIRE_H */
