/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv_domain.h: what tools do to domains, one function per act, over any
 * struct hv.  Every function returns 0 or -errno unless it says otherwise.
 */
#ifndef DOM0_LIB_HV_DOMAIN_H
#define DOM0_LIB_HV_DOMAIN_H

#include <stdbool.h>
#include <abi/domctl.h>
#include <abi/sysctl.h>

#include "hv.h"

/* What a new domain is made from. */
struct hv_create {
	uint8_t uuid[16];
	uint32_t vcpus;
	uint32_t max_evtchn_port;
	int32_t max_grant_frames, max_maptrack_frames;	/* < 0: default */
	uint32_t grant_version;		/* 0: the highest that there is */
};

/* Makes an empty domain, paused; its number goes to *@domid. */
int hv_domain_create(struct hv *hv, const struct hv_create *how,
		     uint32_t *domid);
/* Ends when the domain is dying; its memory may be freed a little later. */
int hv_domain_destroy(struct hv *hv, uint32_t domid);
int hv_domain_pause(struct hv *hv, uint32_t domid);
int hv_domain_unpause(struct hv *hv, uint32_t domid);
int hv_domain_shutdown(struct hv *hv, uint32_t domid, uint32_t reason);
int hv_domain_set_max_mem(struct hv *hv, uint32_t domid, uint64_t kib);
int hv_domain_set_max_vcpus(struct hv *hv, uint32_t domid, uint32_t count);
int hv_domain_set_weight(struct hv *hv, uint32_t domid, uint32_t weight,
			 int32_t cap);

/* Exactly @domid: -ESRCH if there is no such domain. */
int hv_domain_info(struct hv *hv, uint32_t domid,
		   struct xen_domctl_getdomaininfo *info);
/*
 * All domains from @first on, in order, into a fresh array for free().
 * Their number, or -errno.
 */
int hv_domain_list(struct hv *hv, uint32_t first,
		   struct xen_domctl_getdomaininfo **out);
int hv_vcpu_info(struct hv *hv, uint32_t domid, uint32_t vcpu,
		 struct xen_domctl_getvcpuinfo *info);
/* @bits: @bytes of bitmap.  @set writes the hard affinity, else reads. */
int hv_vcpu_affinity(struct hv *hv, uint32_t domid, uint32_t vcpu, bool set,
		     bool soft, uint8_t *bits, uint32_t bytes);

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *info);
/*
 * Is memory that a domain is given zero, whatever the boot options?  Of Parvis
 * that is sure; Xen's does not promise it.
 */
bool hv_memory_is_zero(struct hv *hv);
int hv_scheduler_id(struct hv *hv, uint32_t *id);
int hv_debug_keys(struct hv *hv, const char *keys);
/* The log ring's text into a fresh string for free(). */
int hv_console_ring(struct hv *hv, bool clear, char **text);

/* A port of @domid that the control domain will bind to. */
int hv_evtchn_alloc_for(struct hv *hv, uint32_t domid, uint32_t *port);

#endif
