// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Physical interrupts on a fake interrupt controller and a fake PCI device:
 * the calls as Linux makes them, level and edge, and guests that misbehave.
 */
#include "core_test.h"
#include <abi/physdev.h>
#include <irq/irq.h>
#include "irq_fake.h"

#define LEVEL_GSI 17
#define EDGE_GSI 4

/* --- the control domain's calls --- */

static struct domain *d, *guest;
static struct vcpu *v;

static long op(struct vcpu *who, uint64_t cmd, void *arg, size_t size)
{
	return call_struct(who, __HYPERVISOR_physdev_op, cmd, arg, size);
}
#define OP(cmd, arg) op(v, PHYSDEVOP_##cmd, &(arg), sizeof(arg))

static long map_gsi(int gsi)
{
	struct physdev_map_pirq m = { .domid = DOMID_SELF,
				      .type = MAP_PIRQ_TYPE_GSI,
				      .index = gsi, .pirq = gsi };
	long rc = OP(map_pirq, m);

	return rc ? rc : m.pirq;
}

static long map_msi(int type, uint64_t table_base, int entry)
{
	struct physdev_map_pirq m = { .domid = DOMID_SELF, .type = type,
				      .index = -1, .pirq = -1, .devfn = IRQ_FAKE_DEVFN,
				      .table_base = table_base,
				      .entry_nr = entry };
	long rc = OP(map_pirq, m);

	return rc ? rc : m.pirq;
}

static long bind(uint32_t pirq)
{
	struct evtchn_bind_pirq b = { .pirq = pirq };
	long rc = event_op(v, EVTCHNOP_bind_pirq, &b);

	return rc ? rc : (long)b.port;
}

static long unmap(int pirq)
{
	struct physdev_unmap_pirq u = { .domid = DOMID_SELF, .pirq = pirq };

	return OP(unmap_pirq, u);
}

static long eoi(uint32_t pirq)
{
	struct physdev_eoi e = { pirq };

	return OP(eoi, e);
}

static bool pending(long port)
{
	return bit_test_and_clear(d->shared->evtchn_pending,
				  (unsigned int)port);
}

static int start(void **state)
{
	(void)state;
	memset(irq_fake, 0, sizeof(irq_fake));
	irq_fake[LEVEL_GSI].level = true; /* once set, a trigger stays */
	irq_fake_device();
	d = fake_domain(0, 2);
	dom0 = d;
	guest = fake_domain(5, 1);
	v = d->vcpus[0];
	fake_settle();
	return 0;
}

static int end(void **state)
{
	struct physdev_pci_device dev = { .devfn = IRQ_FAKE_DEVFN };

	(void)state;
	(void)OP(pci_device_remove, dev);
	dom0 = NULL;
	fake_destroy(d);
	fake_destroy(guest);
	assert_null(fake_check());
	for (unsigned int i = IRQ_FAKE_GSIS; i < IRQ_MAX; i++)
		assert_false(irq_fake[i].used);
	return 0;
}

static void level_interrupt(void **state)
{
	struct physdev_setup_gsi s = { LEVEL_GSI, 1, 1 };
	struct physdev_irq_status_query q = { .irq = LEVEL_GSI };
	long port;

	(void)state;
	assert_int_equal(map_gsi(LEVEL_GSI), LEVEL_GSI);
	assert_int_equal(map_gsi(LEVEL_GSI), LEVEL_GSI); /* again is fine */
	(void)OP(setup_gsi, s);
	assert_int_equal(OP(setup_gsi, s), -EEXIST);
	assert_int_equal(OP(irq_status_query, q), 0);
	assert_int_equal(q.flags, XENIRQSTAT_needs_eoi);
	port = bind(LEVEL_GSI);
	assert_true(port > 0);
	irq_fake_arrive(LEVEL_GSI);
	assert_true(pending(port));
	assert_true(irq_fake[LEVEL_GSI].masked); /* until the guest is done */
	assert_int_equal(eoi(LEVEL_GSI), 0);
	assert_false(irq_fake[LEVEL_GSI].masked);
	irq_fake[LEVEL_GSI].unmasks = 0;
	assert_int_equal(eoi(LEVEL_GSI), 0); /* nothing to end */
	assert_int_equal(irq_fake[LEVEL_GSI].unmasks, 0);
	assert_int_equal(ev_close(v, (int)port), 0);
	assert_true(irq_fake[LEVEL_GSI].masked);
}

static void edge_interrupt(void **state)
{
	struct physdev_irq_status_query q = { .irq = EDGE_GSI };
	long port;

	(void)state;
	assert_int_equal(map_gsi(EDGE_GSI), EDGE_GSI);
	port = bind(EDGE_GSI); /* nobody said how it triggers: ISA's way */
	assert_true(port > 0);
	assert_int_equal(OP(irq_status_query, q), 0);
	assert_int_equal(q.flags, 0);
	irq_fake_arrive(EDGE_GSI);
	assert_true(pending(port));
	assert_false(irq_fake[EDGE_GSI].masked);
}

static void eoi_map(void **state)
{
	mfn_t m = fake_frame(d);
	struct physdev_pirq_eoi_gmfn g = { mfn_x(m) };
	uint64_t *map = frame_map(m);
	long port;

	(void)state;
	assert_int_equal(OP(pirq_eoi_gmfn_v2, g), 0);
	assert_int_equal(OP(pirq_eoi_gmfn_v2, g), -EBUSY);
	assert_int_equal(map_gsi(LEVEL_GSI), LEVEL_GSI);
	assert_int_equal(map_gsi(EDGE_GSI), EDGE_GSI);
	port = bind(LEVEL_GSI);
	assert_true(bind(EDGE_GSI) > 0);
	assert_true(bit_test(map, LEVEL_GSI));
	assert_false(bit_test(map, EDGE_GSI));
	ev_close(v, (int)port);
	assert_false(bit_test(map, LEVEL_GSI));
	g.gmfn = mfn_x(fake_frame(guest));
	assert_int_equal(op(guest->vcpus[0], PHYSDEVOP_pirq_eoi_gmfn_v2, &g,
			    sizeof(g)), 0);
	g.gmfn = 1UL << 50;
	assert_int_equal(op(guest->vcpus[0], PHYSDEVOP_pirq_eoi_gmfn_v2, &g,
			    sizeof(g)), -EBUSY);
}

static void msi(void **state)
{
	struct physdev_pci_device_add a = { .devfn = IRQ_FAKE_DEVFN };
	struct evtchn_bind_vcpu to = { .vcpu = 1 };
	long pirq, port;

	(void)state;
	assert_int_equal(map_msi(MAP_PIRQ_TYPE_MSI_SEG, 0, 0), -ENODEV);
	assert_int_equal(OP(pci_device_add, a), 0);
	assert_int_equal(pci_count(), 1);
	pirq = map_msi(MAP_PIRQ_TYPE_MSI_SEG, 0, 0);
	assert_true(pirq >= IRQ_FAKE_GSIS);
	assert_int_equal(irq_fake_config[0x56], 0xe0); /* address 0xfee00000 */
	/* In the 64-bit form data are here. */
	assert_int_equal(irq_fake_config[0x5c], IRQ_FAKE_GSIS);
	assert_int_equal(map_msi(MAP_PIRQ_TYPE_MSI, 0, 0), -EEXIST);
	port = bind((uint32_t)pirq);
	irq_fake_arrive(IRQ_FAKE_GSIS);
	assert_true(pending(port));
	to.port = (evtchn_port_t)port;
	assert_int_equal(event_op(v, EVTCHNOP_bind_vcpu, &to), 0);
	assert_int_equal(irq_fake_config[0x55] >> 4, d->vcpus[1]->sched.cpu);
	assert_int_equal(unmap((int)pirq), -EBUSY);
	ev_close(v, (int)port);
	assert_int_equal(unmap((int)pirq), 0);
	assert_int_equal(unmap((int)pirq), -EINVAL);
	assert_false(irq_fake[IRQ_FAKE_GSIS].used);
	assert_int_equal(map_msi(MAP_PIRQ_TYPE_MULTI_MSI, 0, 4), -EINVAL);
	assert_true(map_msi(MAP_PIRQ_TYPE_MULTI_MSI, 0, 1) > 0);
}

static void msix(void **state)
{
	struct physdev_pci_device_add a = { .devfn = IRQ_FAKE_DEVFN };
	struct physdev_pci_device dev = { .devfn = IRQ_FAKE_DEVFN };
	long p;

	(void)state;
	memset(irq_fake_table, 0, sizeof(irq_fake_table));
	assert_int_equal(OP(pci_device_add, a), 0);
	assert_int_equal(OP(prepare_msix, dev), 0);
	irq_fake_config[4] = 0; /* memory decoding is off */
	assert_int_equal(map_msi(MAP_PIRQ_TYPE_MSI_SEG, 0xfebf0000, 3), -ENXIO);
	irq_fake_config[4] = 2;
	p = map_msi(MAP_PIRQ_TYPE_MSI_SEG, 0xfebf0000, 3);
	assert_true(p >= IRQ_FAKE_GSIS);
	assert_int_equal(irq_fake_table[3 * 4], 0xfee00000);
	assert_int_equal(irq_fake_table[3 * 4 + 2], IRQ_FAKE_GSIS);
	assert_int_equal(irq_fake_table[3 * 4 + 3], 0);
	assert_int_equal(map_msi(MAP_PIRQ_TYPE_MSI_SEG, 0xfebf0000, 3), -EEXIST);
	assert_int_equal(map_msi(MAP_PIRQ_TYPE_MSI_SEG, 0xfebf0000, 8), -EINVAL);
	memset(irq_fake_table, 0xff, sizeof(irq_fake_table)); /* a reset */
	assert_int_equal(OP(restore_msi_ext, dev), 0);
	assert_int_equal(irq_fake_table[3 * 4 + 2], IRQ_FAKE_GSIS);
	/* It moves, and cannot be mapped there: what is in use stays usable. */
	irq_fake_config[0x12] ^= 1;
	irq_fake_no_mmio = true;
	assert_int_equal(map_msi(MAP_PIRQ_TYPE_MSI_SEG, 0xfebf0000, 4), -ENOMEM);
	irq_fake_no_mmio = false;
	memset(irq_fake_table, 0xff, sizeof(irq_fake_table));
	assert_int_equal(OP(restore_msi_ext, dev), 0);
	assert_int_equal(irq_fake_table[3 * 4 + 2], IRQ_FAKE_GSIS);
	irq_fake_config[0x12] ^= 1;
	assert_int_equal(unmap((int)p), 0);
	assert_int_equal(irq_fake_table[3 * 4 + 3], 1);
}

static void refusals(void **state)
{
	struct physdev_set_iopl iopl = { 4 };
	struct physdev_setup_gsi own = { IRQ_FAKE_OWN, 0, 0 };
	struct physdev_map_pirq m = { .domid = DOMID_SELF,
				      .type = MAP_PIRQ_TYPE_GSI };
	struct vcpu *g = guest->vcpus[0];

	(void)state;
	assert_int_equal(map_gsi(-1), -EINVAL);
	assert_int_equal(map_gsi(IRQ_FAKE_GSIS), -EINVAL);
	assert_int_equal(bind(LEVEL_GSI), -EINVAL); /* not mapped */
	assert_int_equal(bind(PIRQ_MAX + 7), -EINVAL);
	assert_int_equal(eoi(PIRQ_MAX), -EINVAL);
	assert_int_equal(OP(set_iopl, iopl), -EINVAL);
	assert_int_equal(OP(setup_gsi, own), -EEXIST); /* ours */
	assert_int_equal(map_gsi(IRQ_FAKE_OWN), IRQ_FAKE_OWN);
	assert_int_equal(bind(IRQ_FAKE_OWN), -EBUSY);
	assert_int_equal(op(g, PHYSDEVOP_map_pirq, &m, sizeof(m)), -EPERM);
	assert_int_equal(op(g, PHYSDEVOP_setup_gsi, &own, sizeof(own)), -EPERM);
	assert_int_equal(op(g, 1000, &own, sizeof(own)), -ENOSYS);
	assert_int_equal(op(g, 0, &own, sizeof(own)), -ENOSYS);
	m.domid = 99;
	assert_int_equal(OP(map_pirq, m), -ESRCH);
	m.domid = DOMID_XEN;
	assert_int_equal(OP(map_pirq, m), -EINVAL);
	/* Another domain's line is not for sharing. */
	assert_int_equal(map_gsi(LEVEL_GSI), LEVEL_GSI);
	m.domid = 5;
	m.index = m.pirq = LEVEL_GSI;
	assert_int_equal(OP(map_pirq, m), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
		T(level_interrupt), T(edge_interrupt), T(eoi_map), T(msi),
		T(msix), T(refusals),
#undef T
	};

	fake_start(2);
	fake_warm_up();
	return cmocka_run_group_tests_name("pirq", tests, NULL, NULL);
}
