/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_platform_op: what the control domain's kernel does for, and
 * asks of, the machine it is the first domain of.  No state.
 */
#ifndef ABI_PLATFORM_H
#define ABI_PLATFORM_H

#include <abi/base.h>

#define XENPF_INTERFACE_VERSION		0x03000001

#define XENPF_settime32			17
#define XENPF_add_memtype		31
#define XENPF_del_memtype		32
#define XENPF_read_memtype		33
#define XENPF_microcode_update		35
#define XENPF_platform_quirk		39
#define XENPF_get_cpu_version		48
#define XENPF_efi_runtime_call		49
#define XENPF_firmware_info		50
#define XENPF_enter_acpi_sleep		51
#define XENPF_change_freq		52
#define XENPF_getidletime		53
#define XENPF_set_processor_pminfo	54
#define XENPF_get_cpuinfo		55
#define XENPF_cpu_online		56
#define XENPF_cpu_offline		57
#define XENPF_cpu_hotadd		58
#define XENPF_mem_hotadd		59
#define XENPF_core_parking		60
#define XENPF_resource_op		61
#define XENPF_settime64			62
#define XENPF_get_symbol		63
#define XENPF_settime			XENPF_settime64

/* ---- wall clock: the time that it was at system_time ---- */

struct xenpf_settime32 {
	uint32_t secs;
	uint32_t nsecs;
	uint64_t system_time;
};
typedef struct xenpf_settime32 xenpf_settime32_t;
ABI_SIZE(struct xenpf_settime32, 16);
ABI_OFFSET(struct xenpf_settime32, secs, 0);
ABI_OFFSET(struct xenpf_settime32, nsecs, 4);
ABI_OFFSET(struct xenpf_settime32, system_time, 8);

struct xenpf_settime64 {
	uint64_t secs;
	uint32_t nsecs;
	uint32_t mbz;			/* 0 */
	uint64_t system_time;
};
typedef struct xenpf_settime64 xenpf_settime64_t;
ABI_SIZE(struct xenpf_settime64, 24);
ABI_OFFSET(struct xenpf_settime64, secs, 0);
ABI_OFFSET(struct xenpf_settime64, nsecs, 8);
ABI_OFFSET(struct xenpf_settime64, mbz, 12);
ABI_OFFSET(struct xenpf_settime64, system_time, 16);

/* ---- memory types (MTRRs) ---- */

struct xenpf_add_memtype {
	xen_pfn_t mfn;
	uint64_t nr_mfns;
	uint32_t type;
	uint32_t handle;		/* OUT */
	uint32_t reg;			/* OUT */
};
typedef struct xenpf_add_memtype xenpf_add_memtype_t;
ABI_SIZE(struct xenpf_add_memtype, 32);
ABI_OFFSET(struct xenpf_add_memtype, mfn, 0);
ABI_OFFSET(struct xenpf_add_memtype, nr_mfns, 8);
ABI_OFFSET(struct xenpf_add_memtype, type, 16);
ABI_OFFSET(struct xenpf_add_memtype, handle, 20);
ABI_OFFSET(struct xenpf_add_memtype, reg, 24);

struct xenpf_del_memtype {
	uint32_t handle;
	uint32_t reg;
};
typedef struct xenpf_del_memtype xenpf_del_memtype_t;
ABI_SIZE(struct xenpf_del_memtype, 8);
ABI_OFFSET(struct xenpf_del_memtype, handle, 0);
ABI_OFFSET(struct xenpf_del_memtype, reg, 4);

struct xenpf_read_memtype {
	uint32_t reg;			/* IN */
	xen_pfn_t mfn;
	uint64_t nr_mfns;
	uint32_t type;
};
typedef struct xenpf_read_memtype xenpf_read_memtype_t;
ABI_SIZE(struct xenpf_read_memtype, 32);
ABI_OFFSET(struct xenpf_read_memtype, reg, 0);
ABI_OFFSET(struct xenpf_read_memtype, mfn, 8);
ABI_OFFSET(struct xenpf_read_memtype, nr_mfns, 16);
ABI_OFFSET(struct xenpf_read_memtype, type, 24);

/* ---- firmware ---- */

struct xenpf_microcode_update {
	GUEST_HANDLE(const void) data;
	uint32_t length;
};
typedef struct xenpf_microcode_update xenpf_microcode_update_t;
ABI_SIZE(struct xenpf_microcode_update, 16);
ABI_OFFSET(struct xenpf_microcode_update, data, 0);
ABI_OFFSET(struct xenpf_microcode_update, length, 8);

#define QUIRK_NOIRQBALANCING		1
#define QUIRK_IOAPIC_BAD_REGSEL		2
#define QUIRK_IOAPIC_GOOD_REGSEL	3

struct xenpf_platform_quirk {
	uint32_t quirk_id;
};
typedef struct xenpf_platform_quirk xenpf_platform_quirk_t;
ABI_SIZE(struct xenpf_platform_quirk, 4);
ABI_OFFSET(struct xenpf_platform_quirk, quirk_id, 0);

#define XEN_EFI_get_time			1
#define XEN_EFI_set_time			2
#define XEN_EFI_get_wakeup_time			3
#define XEN_EFI_set_wakeup_time			4
#define XEN_EFI_get_next_high_monotonic_count	5
#define XEN_EFI_get_variable			6
#define XEN_EFI_set_variable			7
#define XEN_EFI_get_next_variable_name		8
#define XEN_EFI_query_variable_info		9
#define XEN_EFI_query_capsule_capabilities	10
#define XEN_EFI_update_capsule			11

/* Bits of misc, by function. */
#define XEN_EFI_GET_TIME_SET_CLEARS_NS		0x00000001
#define XEN_EFI_GET_WAKEUP_TIME_ENABLED		0x00000001
#define XEN_EFI_GET_WAKEUP_TIME_PENDING		0x00000002
#define XEN_EFI_SET_WAKEUP_TIME_ENABLE		0x00000001
#define XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY	0x00000002
#define XEN_EFI_VARIABLE_NON_VOLATILE		0x00000001
#define XEN_EFI_VARIABLE_BOOTSERVICE_ACCESS	0x00000002
#define XEN_EFI_VARIABLE_RUNTIME_ACCESS		0x00000004
#define XEN_EFI_VARINFO_BOOT_SNAPSHOT		0x00000001

struct xenpf_efi_time {
	uint16_t year;
	uint8_t month;
	uint8_t day;
	uint8_t hour;
	uint8_t min;
	uint8_t sec;
	uint32_t ns;
	int16_t tz;
	uint8_t daylight;
};
ABI_SIZE(struct xenpf_efi_time, 16);
ABI_OFFSET(struct xenpf_efi_time, year, 0);
ABI_OFFSET(struct xenpf_efi_time, month, 2);
ABI_OFFSET(struct xenpf_efi_time, day, 3);
ABI_OFFSET(struct xenpf_efi_time, hour, 4);
ABI_OFFSET(struct xenpf_efi_time, min, 5);
ABI_OFFSET(struct xenpf_efi_time, sec, 6);
ABI_OFFSET(struct xenpf_efi_time, ns, 8);
ABI_OFFSET(struct xenpf_efi_time, tz, 12);
ABI_OFFSET(struct xenpf_efi_time, daylight, 14);

struct xenpf_efi_guid {
	uint32_t data1;
	uint16_t data2;
	uint16_t data3;
	uint8_t data4[8];
};
ABI_SIZE(struct xenpf_efi_guid, 16);
ABI_OFFSET(struct xenpf_efi_guid, data1, 0);
ABI_OFFSET(struct xenpf_efi_guid, data2, 4);
ABI_OFFSET(struct xenpf_efi_guid, data3, 6);
ABI_OFFSET(struct xenpf_efi_guid, data4, 8);

struct xenpf_efi_variable {
	GUEST_HANDLE(void) name;	/* UCS-2 */
	xen_ulong_t size;
	GUEST_HANDLE(void) data;
	struct xenpf_efi_guid vendor_guid;
};
ABI_SIZE(struct xenpf_efi_variable, 40);
ABI_OFFSET(struct xenpf_efi_variable, name, 0);
ABI_OFFSET(struct xenpf_efi_variable, size, 8);
ABI_OFFSET(struct xenpf_efi_variable, data, 16);
ABI_OFFSET(struct xenpf_efi_variable, vendor_guid, 24);

struct xenpf_efi_runtime_call {
	uint32_t function;		/* XEN_EFI_* above */
	uint32_t misc;
	xen_ulong_t status;		/* OUT: an EFI status */
	union {
		struct {
			struct xenpf_efi_time time;
			uint32_t resolution;
			uint32_t accuracy;
		} get_time;
		struct xenpf_efi_time set_time;
		struct xenpf_efi_time get_wakeup_time;
		struct xenpf_efi_time set_wakeup_time;
		struct xenpf_efi_variable get_variable;
		struct xenpf_efi_variable set_variable;
		struct {
			xen_ulong_t size;
			GUEST_HANDLE(void) name;
			struct xenpf_efi_guid vendor_guid;
		} get_next_variable_name;
		struct {
			uint32_t attr;
			uint64_t max_store_size;
			uint64_t remain_store_size;
			uint64_t max_size;
		} query_variable_info;
		struct {
			GUEST_HANDLE(void) capsule_header_array;
			xen_ulong_t capsule_count;
			uint64_t max_capsule_size;
			uint32_t reset_type;
		} query_capsule_capabilities;
		struct {
			GUEST_HANDLE(void) capsule_header_array;
			xen_ulong_t capsule_count;
			uint64_t sg_list;
		} update_capsule;
	} u;
};
typedef struct xenpf_efi_runtime_call xenpf_efi_runtime_call_t;
ABI_SIZE(struct xenpf_efi_runtime_call, 56);
ABI_OFFSET(struct xenpf_efi_runtime_call, function, 0);
ABI_OFFSET(struct xenpf_efi_runtime_call, misc, 4);
ABI_OFFSET(struct xenpf_efi_runtime_call, status, 8);
ABI_OFFSET(struct xenpf_efi_runtime_call, u, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_time, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_time.time, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_time.resolution, 32);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_time.accuracy, 36);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.set_time, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_wakeup_time, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.set_wakeup_time, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_variable, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.set_variable, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_next_variable_name, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_next_variable_name.size, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_next_variable_name.name, 24);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.get_next_variable_name.vendor_guid, 32);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_variable_info, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_variable_info.attr, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_variable_info.max_store_size, 24);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_variable_info.remain_store_size, 32);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_variable_info.max_size, 40);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_capsule_capabilities, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_capsule_capabilities.capsule_header_array, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_capsule_capabilities.capsule_count, 24);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_capsule_capabilities.max_capsule_size, 32);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.query_capsule_capabilities.reset_type, 40);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.update_capsule, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.update_capsule.capsule_header_array, 16);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.update_capsule.capsule_count, 24);
ABI_OFFSET(struct xenpf_efi_runtime_call, u.update_capsule.sg_list, 32);

/* Type, and index for some types. */
#define XEN_FW_DISK_INFO		1
#define XEN_FW_DISK_MBR_SIGNATURE	2
#define XEN_FW_VBEDDC_INFO		3
#define XEN_FW_EFI_INFO			4
#define XEN_FW_EFI_VERSION		0
#define XEN_FW_EFI_CONFIG_TABLE		1
#define XEN_FW_EFI_VENDOR		2
#define XEN_FW_EFI_MEM_INFO		3
#define XEN_FW_EFI_RT_VERSION		4
#define XEN_FW_EFI_PCI_ROM		5
#define XEN_FW_EFI_APPLE_PROPERTIES	6
#define XEN_FW_KBD_SHIFT_FLAGS		5

union xenpf_efi_info {
	uint32_t version;
	struct {
		uint64_t addr;
		uint32_t nent;
	} cfg;
	struct {
		uint32_t revision;
		uint32_t bufsz;
		GUEST_HANDLE(void) name;
	} vendor;
	struct {
		uint64_t addr;
		uint64_t size;
		uint64_t attr;
		uint32_t type;
	} mem;
	struct {
		uint16_t segment;
		uint8_t bus;
		uint8_t devfn;
		uint16_t vendor;
		uint16_t devid;
		uint64_t address;
		xen_ulong_t size;
	} pci_rom;
	struct {
		uint64_t address;
		xen_ulong_t size;
	} apple_properties;
};
ABI_SIZE(union xenpf_efi_info, 32);
ABI_OFFSET(union xenpf_efi_info, version, 0);
ABI_OFFSET(union xenpf_efi_info, cfg, 0);
ABI_OFFSET(union xenpf_efi_info, cfg.addr, 0);
ABI_OFFSET(union xenpf_efi_info, cfg.nent, 8);
ABI_OFFSET(union xenpf_efi_info, vendor, 0);
ABI_OFFSET(union xenpf_efi_info, vendor.revision, 0);
ABI_OFFSET(union xenpf_efi_info, vendor.bufsz, 4);
ABI_OFFSET(union xenpf_efi_info, vendor.name, 8);
ABI_OFFSET(union xenpf_efi_info, mem, 0);
ABI_OFFSET(union xenpf_efi_info, mem.addr, 0);
ABI_OFFSET(union xenpf_efi_info, mem.size, 8);
ABI_OFFSET(union xenpf_efi_info, mem.attr, 16);
ABI_OFFSET(union xenpf_efi_info, mem.type, 24);
ABI_OFFSET(union xenpf_efi_info, pci_rom, 0);
ABI_OFFSET(union xenpf_efi_info, pci_rom.segment, 0);
ABI_OFFSET(union xenpf_efi_info, pci_rom.bus, 2);
ABI_OFFSET(union xenpf_efi_info, pci_rom.devfn, 3);
ABI_OFFSET(union xenpf_efi_info, pci_rom.vendor, 4);
ABI_OFFSET(union xenpf_efi_info, pci_rom.devid, 6);
ABI_OFFSET(union xenpf_efi_info, pci_rom.address, 8);
ABI_OFFSET(union xenpf_efi_info, pci_rom.size, 16);
ABI_OFFSET(union xenpf_efi_info, apple_properties, 0);
ABI_OFFSET(union xenpf_efi_info, apple_properties.address, 0);
ABI_OFFSET(union xenpf_efi_info, apple_properties.size, 8);

struct xenpf_firmware_info {
	uint32_t type;			/* XEN_FW_* */
	uint32_t index;
	union {
		struct {
			uint8_t device;
			uint8_t version;
			uint16_t interface_support;
			uint16_t legacy_max_cylinder;
			uint8_t legacy_max_head;
			uint8_t legacy_sectors_per_track;
			GUEST_HANDLE(void) edd_params;
		} disk_info;
		struct {
			uint8_t device;
			uint32_t mbr_signature;
		} disk_mbr_signature;
		struct {
			uint8_t capabilities;
			uint8_t edid_transfer_time;
			GUEST_HANDLE(uint8_t) edid;
		} vbeddc_info;
		union xenpf_efi_info efi_info;
		uint8_t kbd_shift_flags;
	} u;
};
typedef struct xenpf_firmware_info xenpf_firmware_info_t;
ABI_SIZE(struct xenpf_firmware_info, 40);
ABI_OFFSET(struct xenpf_firmware_info, type, 0);
ABI_OFFSET(struct xenpf_firmware_info, index, 4);
ABI_OFFSET(struct xenpf_firmware_info, u, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info.device, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info.version, 9);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info.interface_support, 10);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info.legacy_max_cylinder, 12);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info.legacy_max_head, 14);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info.legacy_sectors_per_track, 15);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_info.edd_params, 16);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_mbr_signature, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_mbr_signature.device, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.disk_mbr_signature.mbr_signature, 12);
ABI_OFFSET(struct xenpf_firmware_info, u.vbeddc_info, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.vbeddc_info.capabilities, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.vbeddc_info.edid_transfer_time, 9);
ABI_OFFSET(struct xenpf_firmware_info, u.vbeddc_info.edid, 16);
ABI_OFFSET(struct xenpf_firmware_info, u.efi_info, 8);
ABI_OFFSET(struct xenpf_firmware_info, u.kbd_shift_flags, 8);

#define XENPF_ACPI_SLEEP_EXTENDED	0x00000001

struct xenpf_enter_acpi_sleep {
	uint16_t val_a;			/* PM1a control, or sleep control */
	uint16_t val_b;
	uint32_t sleep_state;
	uint32_t flags;			/* XENPF_ACPI_SLEEP_* */
};
typedef struct xenpf_enter_acpi_sleep xenpf_enter_acpi_sleep_t;
ABI_SIZE(struct xenpf_enter_acpi_sleep, 12);
ABI_OFFSET(struct xenpf_enter_acpi_sleep, val_a, 0);
ABI_OFFSET(struct xenpf_enter_acpi_sleep, val_b, 2);
ABI_OFFSET(struct xenpf_enter_acpi_sleep, sleep_state, 4);
ABI_OFFSET(struct xenpf_enter_acpi_sleep, flags, 8);

/* ---- CPUs and their power ---- */

struct xenpf_change_freq {
	uint32_t flags;
	uint32_t cpu;
	uint64_t freq;			/* Hz */
};
typedef struct xenpf_change_freq xenpf_change_freq_t;
ABI_SIZE(struct xenpf_change_freq, 16);
ABI_OFFSET(struct xenpf_change_freq, flags, 0);
ABI_OFFSET(struct xenpf_change_freq, cpu, 4);
ABI_OFFSET(struct xenpf_change_freq, freq, 8);

struct xenpf_getidletime {
	GUEST_HANDLE(uint8_t) cpumap_bitmap;	/* IN and OUT */
	uint32_t cpumap_nr_cpus;
	GUEST_HANDLE(uint64_t) idletime;	/* OUT: ns per CPU */
	uint64_t now;
};
typedef struct xenpf_getidletime xenpf_getidletime_t;
ABI_SIZE(struct xenpf_getidletime, 32);
ABI_OFFSET(struct xenpf_getidletime, cpumap_bitmap, 0);
ABI_OFFSET(struct xenpf_getidletime, cpumap_nr_cpus, 8);
ABI_OFFSET(struct xenpf_getidletime, idletime, 16);
ABI_OFFSET(struct xenpf_getidletime, now, 24);

#define XEN_PROCESSOR_PM_CX	1
#define XEN_PROCESSOR_PM_PX	2
#define XEN_PROCESSOR_PM_TX	4

#define XEN_PM_CX	0
#define XEN_PM_PX	1
#define XEN_PM_TX	2
#define XEN_PM_PDC	3

#define XEN_PX_PCT	1
#define XEN_PX_PSS	2
#define XEN_PX_PPC	4
#define XEN_PX_PSD	8

struct xen_power_register {
	uint32_t space_id;
	uint32_t bit_width;
	uint32_t bit_offset;
	uint32_t access_size;
	uint64_t address;
};
ABI_SIZE(struct xen_power_register, 24);
ABI_OFFSET(struct xen_power_register, space_id, 0);
ABI_OFFSET(struct xen_power_register, bit_width, 4);
ABI_OFFSET(struct xen_power_register, bit_offset, 8);
ABI_OFFSET(struct xen_power_register, access_size, 12);
ABI_OFFSET(struct xen_power_register, address, 16);

struct xen_processor_csd {
	uint32_t domain;
	uint32_t coord_type;
	uint32_t num;
};
typedef struct xen_processor_csd xen_processor_csd_t;
ABI_SIZE(struct xen_processor_csd, 12);
ABI_OFFSET(struct xen_processor_csd, domain, 0);
ABI_OFFSET(struct xen_processor_csd, coord_type, 4);
ABI_OFFSET(struct xen_processor_csd, num, 8);

struct xen_processor_cx {
	struct xen_power_register reg;
	uint8_t type;
	uint32_t latency;
	uint32_t power;
	uint32_t dpcnt;
	GUEST_HANDLE(xen_processor_csd_t) dp;
};
typedef struct xen_processor_cx xen_processor_cx_t;
ABI_SIZE(struct xen_processor_cx, 48);
ABI_OFFSET(struct xen_processor_cx, reg, 0);
ABI_OFFSET(struct xen_processor_cx, type, 24);
ABI_OFFSET(struct xen_processor_cx, latency, 28);
ABI_OFFSET(struct xen_processor_cx, power, 32);
ABI_OFFSET(struct xen_processor_cx, dpcnt, 36);
ABI_OFFSET(struct xen_processor_cx, dp, 40);

struct xen_processor_flags {
	uint32_t bm_control : 1;
	uint32_t bm_check : 1;
	uint32_t has_cst : 1;
	uint32_t power_setup_done : 1;
	uint32_t bm_rld_set : 1;
};
ABI_SIZE(struct xen_processor_flags, 4);

struct xen_processor_power {
	uint32_t count;
	struct xen_processor_flags flags;
	GUEST_HANDLE(xen_processor_cx_t) states;
};
ABI_SIZE(struct xen_processor_power, 16);
ABI_OFFSET(struct xen_processor_power, count, 0);
ABI_OFFSET(struct xen_processor_power, flags, 4);
ABI_OFFSET(struct xen_processor_power, states, 8);

struct xen_pct_register {
	uint8_t descriptor;
	uint16_t length;
	uint8_t space_id;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t reserved;
	uint64_t address;
};
ABI_SIZE(struct xen_pct_register, 16);
ABI_OFFSET(struct xen_pct_register, descriptor, 0);
ABI_OFFSET(struct xen_pct_register, length, 2);
ABI_OFFSET(struct xen_pct_register, space_id, 4);
ABI_OFFSET(struct xen_pct_register, bit_width, 5);
ABI_OFFSET(struct xen_pct_register, bit_offset, 6);
ABI_OFFSET(struct xen_pct_register, reserved, 7);
ABI_OFFSET(struct xen_pct_register, address, 8);

struct xen_processor_px {
	uint64_t core_frequency;	/* MHz */
	uint64_t power;
	uint64_t transition_latency;
	uint64_t bus_master_latency;
	uint64_t control;
	uint64_t status;
};
typedef struct xen_processor_px xen_processor_px_t;
ABI_SIZE(struct xen_processor_px, 48);
ABI_OFFSET(struct xen_processor_px, core_frequency, 0);
ABI_OFFSET(struct xen_processor_px, power, 8);
ABI_OFFSET(struct xen_processor_px, transition_latency, 16);
ABI_OFFSET(struct xen_processor_px, bus_master_latency, 24);
ABI_OFFSET(struct xen_processor_px, control, 32);
ABI_OFFSET(struct xen_processor_px, status, 40);

struct xen_psd_package {
	uint64_t num_entries;
	uint64_t revision;
	uint64_t domain;
	uint64_t coord_type;
	uint64_t num_processors;
};
ABI_SIZE(struct xen_psd_package, 40);
ABI_OFFSET(struct xen_psd_package, num_entries, 0);
ABI_OFFSET(struct xen_psd_package, revision, 8);
ABI_OFFSET(struct xen_psd_package, domain, 16);
ABI_OFFSET(struct xen_psd_package, coord_type, 24);
ABI_OFFSET(struct xen_psd_package, num_processors, 32);

#define XEN_CPUPERF_SHARED_TYPE_HW	1
#define XEN_CPUPERF_SHARED_TYPE_ALL	2
#define XEN_CPUPERF_SHARED_TYPE_ANY	3

struct xen_processor_performance {
	uint32_t flags;			/* XEN_PX_*: which parts are given */
	uint32_t platform_limit;
	struct xen_pct_register control_register;
	struct xen_pct_register status_register;
	uint32_t state_count;
	GUEST_HANDLE(xen_processor_px_t) states;
	struct xen_psd_package domain_info;
	uint32_t shared_type;		/* XEN_CPUPERF_SHARED_TYPE_* */
};
typedef struct xen_processor_performance xen_processor_performance_t;
ABI_SIZE(struct xen_processor_performance, 104);
ABI_OFFSET(struct xen_processor_performance, flags, 0);
ABI_OFFSET(struct xen_processor_performance, platform_limit, 4);
ABI_OFFSET(struct xen_processor_performance, control_register, 8);
ABI_OFFSET(struct xen_processor_performance, status_register, 24);
ABI_OFFSET(struct xen_processor_performance, state_count, 40);
ABI_OFFSET(struct xen_processor_performance, states, 48);
ABI_OFFSET(struct xen_processor_performance, domain_info, 56);
ABI_OFFSET(struct xen_processor_performance, shared_type, 96);

struct xenpf_set_processor_pminfo {
	uint32_t id;			/* ACPI id */
	uint32_t type;			/* XEN_PM_* */
	union {
		struct xen_processor_power power;
		struct xen_processor_performance perf;
		GUEST_HANDLE(uint32_t) pdc;
	} u;
};
typedef struct xenpf_set_processor_pminfo xenpf_set_processor_pminfo_t;
ABI_SIZE(struct xenpf_set_processor_pminfo, 112);
ABI_OFFSET(struct xenpf_set_processor_pminfo, id, 0);
ABI_OFFSET(struct xenpf_set_processor_pminfo, type, 4);
ABI_OFFSET(struct xenpf_set_processor_pminfo, u, 8);
ABI_OFFSET(struct xenpf_set_processor_pminfo, u.power, 8);
ABI_OFFSET(struct xenpf_set_processor_pminfo, u.perf, 8);
ABI_OFFSET(struct xenpf_set_processor_pminfo, u.pdc, 8);

#define XEN_PCPU_FLAGS_ONLINE	1
#define XEN_PCPU_FLAGS_INVALID	2

struct xenpf_pcpuinfo {
	uint32_t xen_cpuid;		/* IN */
	uint32_t max_present;
	uint32_t flags;			/* XEN_PCPU_FLAGS_* */
	uint32_t apic_id;
	uint32_t acpi_id;
};
typedef struct xenpf_pcpuinfo xenpf_pcpuinfo_t;
ABI_SIZE(struct xenpf_pcpuinfo, 20);
ABI_OFFSET(struct xenpf_pcpuinfo, xen_cpuid, 0);
ABI_OFFSET(struct xenpf_pcpuinfo, max_present, 4);
ABI_OFFSET(struct xenpf_pcpuinfo, flags, 8);
ABI_OFFSET(struct xenpf_pcpuinfo, apic_id, 12);
ABI_OFFSET(struct xenpf_pcpuinfo, acpi_id, 16);

struct xenpf_pcpu_version {
	uint32_t xen_cpuid;		/* IN */
	uint32_t max_present;
	char vendor_id[12];
	uint32_t family;
	uint32_t model;
	uint32_t stepping;
};
typedef struct xenpf_pcpu_version xenpf_pcpu_version_t;
ABI_SIZE(struct xenpf_pcpu_version, 32);
ABI_OFFSET(struct xenpf_pcpu_version, xen_cpuid, 0);
ABI_OFFSET(struct xenpf_pcpu_version, max_present, 4);
ABI_OFFSET(struct xenpf_pcpu_version, vendor_id, 8);
ABI_OFFSET(struct xenpf_pcpu_version, family, 20);
ABI_OFFSET(struct xenpf_pcpu_version, model, 24);
ABI_OFFSET(struct xenpf_pcpu_version, stepping, 28);

struct xenpf_cpu_ol {
	uint32_t cpuid;
};
typedef struct xenpf_cpu_ol xenpf_cpu_ol_t;
ABI_SIZE(struct xenpf_cpu_ol, 4);
ABI_OFFSET(struct xenpf_cpu_ol, cpuid, 0);

struct xenpf_cpu_hotadd {
	uint32_t apic_id;
	uint32_t acpi_id;
	uint32_t pxm;
};
typedef struct xenpf_cpu_hotadd xenpf_cpu_hotadd_t;
ABI_SIZE(struct xenpf_cpu_hotadd, 12);
ABI_OFFSET(struct xenpf_cpu_hotadd, apic_id, 0);
ABI_OFFSET(struct xenpf_cpu_hotadd, acpi_id, 4);
ABI_OFFSET(struct xenpf_cpu_hotadd, pxm, 8);

struct xenpf_mem_hotadd {
	uint64_t spfn;
	uint64_t epfn;
	uint32_t pxm;
	uint32_t flags;
};
typedef struct xenpf_mem_hotadd xenpf_mem_hotadd_t;
ABI_SIZE(struct xenpf_mem_hotadd, 24);
ABI_OFFSET(struct xenpf_mem_hotadd, spfn, 0);
ABI_OFFSET(struct xenpf_mem_hotadd, epfn, 8);
ABI_OFFSET(struct xenpf_mem_hotadd, pxm, 16);
ABI_OFFSET(struct xenpf_mem_hotadd, flags, 20);

#define XEN_CORE_PARKING_SET	1
#define XEN_CORE_PARKING_GET	2

struct xenpf_core_parking {
	uint32_t type;			/* XEN_CORE_PARKING_* */
	uint32_t idle_nums;
};
typedef struct xenpf_core_parking xenpf_core_parking_t;
ABI_SIZE(struct xenpf_core_parking, 8);
ABI_OFFSET(struct xenpf_core_parking, type, 0);
ABI_OFFSET(struct xenpf_core_parking, idle_nums, 4);

#define XEN_RESOURCE_OP_MSR_READ	0
#define XEN_RESOURCE_OP_MSR_WRITE	1

struct xenpf_resource_entry {
	union {
		uint32_t cmd;		/* IN: XEN_RESOURCE_OP_* */
		int32_t ret;		/* OUT */
	} u;
	uint32_t rsvd;
	uint64_t idx;
	uint64_t val;
};
typedef struct xenpf_resource_entry xenpf_resource_entry_t;
ABI_SIZE(struct xenpf_resource_entry, 24);
ABI_OFFSET(struct xenpf_resource_entry, u, 0);
ABI_OFFSET(struct xenpf_resource_entry, u.cmd, 0);
ABI_OFFSET(struct xenpf_resource_entry, u.ret, 0);
ABI_OFFSET(struct xenpf_resource_entry, rsvd, 4);
ABI_OFFSET(struct xenpf_resource_entry, idx, 8);
ABI_OFFSET(struct xenpf_resource_entry, val, 16);

struct xenpf_resource_op {
	uint32_t nr_entries;
	uint32_t cpu;
	GUEST_HANDLE(xenpf_resource_entry_t) entries;
};
typedef struct xenpf_resource_op xenpf_resource_op_t;
ABI_SIZE(struct xenpf_resource_op, 16);
ABI_OFFSET(struct xenpf_resource_op, nr_entries, 0);
ABI_OFFSET(struct xenpf_resource_op, cpu, 4);
ABI_OFFSET(struct xenpf_resource_op, entries, 8);

struct xenpf_symdata {
	uint32_t namelen;
	uint32_t symnum;
	GUEST_HANDLE(char) name;
	uint64_t address;
	char type;
};
typedef struct xenpf_symdata xenpf_symdata_t;
ABI_SIZE(struct xenpf_symdata, 32);
ABI_OFFSET(struct xenpf_symdata, namelen, 0);
ABI_OFFSET(struct xenpf_symdata, symnum, 4);
ABI_OFFSET(struct xenpf_symdata, name, 8);
ABI_OFFSET(struct xenpf_symdata, address, 16);
ABI_OFFSET(struct xenpf_symdata, type, 24);

/* ---- the call itself ---- */

struct xen_platform_op {
	uint32_t cmd;			/* XENPF_* */
	uint32_t interface_version;	/* XENPF_INTERFACE_VERSION */
	union {
		xenpf_settime64_t settime;
		xenpf_settime32_t settime32;
		xenpf_settime64_t settime64;
		xenpf_add_memtype_t add_memtype;
		xenpf_del_memtype_t del_memtype;
		xenpf_read_memtype_t read_memtype;
		xenpf_microcode_update_t microcode;
		xenpf_platform_quirk_t platform_quirk;
		xenpf_efi_runtime_call_t efi_runtime_call;
		xenpf_firmware_info_t firmware_info;
		xenpf_enter_acpi_sleep_t enter_acpi_sleep;
		xenpf_change_freq_t change_freq;
		xenpf_getidletime_t getidletime;
		xenpf_set_processor_pminfo_t set_pminfo;
		xenpf_pcpuinfo_t pcpu_info;
		xenpf_pcpu_version_t pcpu_version;
		xenpf_cpu_ol_t cpu_ol;
		xenpf_cpu_hotadd_t cpu_add;
		xenpf_mem_hotadd_t mem_add;
		xenpf_core_parking_t core_parking;
		xenpf_resource_op_t resource_op;
		xenpf_symdata_t symdata;
		uint8_t pad[128];
	} u;
};
typedef struct xen_platform_op xen_platform_op_t;
ABI_SIZE(struct xen_platform_op, 136);
ABI_OFFSET(struct xen_platform_op, cmd, 0);
ABI_OFFSET(struct xen_platform_op, interface_version, 4);
ABI_OFFSET(struct xen_platform_op, u, 8);
ABI_OFFSET(struct xen_platform_op, u.settime, 8);
ABI_OFFSET(struct xen_platform_op, u.settime32, 8);
ABI_OFFSET(struct xen_platform_op, u.settime64, 8);
ABI_OFFSET(struct xen_platform_op, u.add_memtype, 8);
ABI_OFFSET(struct xen_platform_op, u.del_memtype, 8);
ABI_OFFSET(struct xen_platform_op, u.read_memtype, 8);
ABI_OFFSET(struct xen_platform_op, u.microcode, 8);
ABI_OFFSET(struct xen_platform_op, u.platform_quirk, 8);
ABI_OFFSET(struct xen_platform_op, u.efi_runtime_call, 8);
ABI_OFFSET(struct xen_platform_op, u.firmware_info, 8);
ABI_OFFSET(struct xen_platform_op, u.enter_acpi_sleep, 8);
ABI_OFFSET(struct xen_platform_op, u.change_freq, 8);
ABI_OFFSET(struct xen_platform_op, u.getidletime, 8);
ABI_OFFSET(struct xen_platform_op, u.set_pminfo, 8);
ABI_OFFSET(struct xen_platform_op, u.pcpu_info, 8);
ABI_OFFSET(struct xen_platform_op, u.pcpu_version, 8);
ABI_OFFSET(struct xen_platform_op, u.cpu_ol, 8);
ABI_OFFSET(struct xen_platform_op, u.cpu_add, 8);
ABI_OFFSET(struct xen_platform_op, u.mem_add, 8);
ABI_OFFSET(struct xen_platform_op, u.core_parking, 8);
ABI_OFFSET(struct xen_platform_op, u.resource_op, 8);
ABI_OFFSET(struct xen_platform_op, u.symdata, 8);
ABI_OFFSET(struct xen_platform_op, u.pad, 8);

#endif /* ABI_PLATFORM_H */
