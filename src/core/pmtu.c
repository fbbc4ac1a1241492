/* SPDX-License-Identifier: ISC */
#include "core/pmtu.h"

/* Usual sizes of IP packets on real paths. */
static const uint16_t usual[] = { 576, 768, 1006, 1200, 1280, 1380, 1420, 1440,
	1460, 1480, 1492, 1500, 4000, 8000, 8950, 9000 };

void
pmtu_init(struct pmtu *p, enum addr_family family, uint32_t link_mtu,
    size_t dgram_max)
{
	p->headers =
	    family == ADDR_IPV4 ? PMTU_HEADERS_IPV4 : PMTU_HEADERS_IPV6;
	p->min = family == ADDR_IPV4 ? PMTU_MIN_IPV4 : PMTU_MIN_IPV6;
	p->ceiling = link_mtu > p->headers ? link_mtu - p->headers : PMTU_BASE;
	p->ceiling = size_max(p->min, size_min(p->ceiling, dgram_max));
	p->size = p->ceiling;
}

void
pmtu_refused(struct pmtu *p, size_t len)
{
	if (len > p->ceiling || len <= p->min)
		return;
	p->ceiling = len - 1;
	if (p->size <= p->ceiling)
		return;
	p->size = p->min;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (usual[i] <= p->ceiling + p->headers)
			p->size = size_max(p->min, usual[i] - p->headers);
}
