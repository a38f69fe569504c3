/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/digest/dtype.h"

#include <math.h>
#include <string.h>

#include "verifier/base/attr.h"

static const struct sy_dtype dtypes[] = {
#define DTYPE(name, canonical, n_block, item, unit, number) \
	{ name, canonical, n_block, item, unit, SY_ELEMENT_##number },
#include "verifier/digest/dtype.def"
#undef DTYPE
};

static const struct sy_dtype *find(struct sy_span name)
{
	for (size_t i = 0; i < SY_N_ELEMS(dtypes); i++) {
		if (sy_span_is(name, dtypes[i].name))
			return &dtypes[i];
	}
	return NULL;
}

/* Byte order, kind, bytes: "<f4". */
static const struct sy_dtype *find_numpy(struct sy_span name)
{
	static const struct { const char *numpy, *name; } names[] = {
		{ "b1", "bool" }, { "?", "bool" }, { "u1", "uint8" }, { "i1", "int8" },
		{ "u2", "uint16" }, { "i2", "int16" }, { "u4", "uint32" }, { "i4", "int32" },
		{ "u8", "uint64" }, { "i8", "int64" }, { "f2", "float16" },
		{ "f4", "float32" }, { "f8", "float64" }, { "c8", "complex64" },
		{ "c16", "complex128" },
	};

	if (name.len > 0 && memchr("<>|", name.data[0], 3))
		name = sy_span_slice(name, 1, name.len);
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		if (sy_span_is(name, names[i].numpy))
			return find(sy_span_str(names[i].name));
	}
	return NULL;
}

const struct sy_dtype *sy_dtype_find(struct sy_span name)
{
	const struct sy_dtype *dtype = find(name);

	return dtype ? dtype : find_numpy(name);
}

/* An IEEE-like number of so many bits of exponent and fraction; no special values. */
static double small_float(uint32_t bits, unsigned n_exponent, unsigned n_fraction, int bias)
{
	uint32_t fraction = bits & ((1u << n_fraction) - 1);
	uint32_t exponent = bits >> n_fraction & ((1u << n_exponent) - 1);
	double sign = bits >> (n_exponent + n_fraction) & 1 ? -1.0 : 1.0;

	if (exponent == 0)
		return sign * ldexp((double)fraction, 1 - bias - (int)n_fraction);
	return sign * ldexp((double)(fraction | 1u << n_fraction),
			    (int)exponent - bias - (int)n_fraction);
}

/* The same with infinities and NaN where the exponent is all ones. */
static double ieee_float(uint32_t bits, unsigned n_exponent, unsigned n_fraction)
{
	uint32_t ones = (1u << n_exponent) - 1;

	if ((bits >> n_fraction & ones) != ones)
		return small_float(bits, n_exponent, n_fraction, (int)(ones >> 1));
	if (bits & ((1u << n_fraction) - 1))
		return (double)NAN;
	return bits >> (n_exponent + n_fraction) & 1 ? -(double)INFINITY : (double)INFINITY;
}

static uint64_t integer(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	for (size_t i = n; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static double signed_value(uint64_t raw, unsigned n_bits)
{
	uint64_t top = UINT64_C(1) << (n_bits - 1);

	return raw & top ? -(double)((top - (raw & (top - 1)))) : (double)raw;
}

static double f32_value(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

static double f64_value(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

double sy_dtype_value(const struct sy_dtype *dtype, const uint8_t *bytes)
{
	uint64_t raw = integer(bytes, dtype->unit);
	uint32_t low = (uint32_t)raw;

	switch (dtype->number) {
	case SY_ELEMENT_BYTES:
		break;
	case SY_ELEMENT_BOOL:
	case SY_ELEMENT_UNSIGNED:
		return (double)raw;
	case SY_ELEMENT_SIGNED:
		return signed_value(raw, 8u * dtype->unit);
	case SY_ELEMENT_F64:
		return f64_value(raw);
	case SY_ELEMENT_F32:
		return f32_value(low);
	case SY_ELEMENT_F16:
		return ieee_float(low, 5, 10);
	case SY_ELEMENT_BF16:
		return f32_value(low << 16);
	case SY_ELEMENT_F8E5M2:
		return ieee_float(low, 5, 2);
	case SY_ELEMENT_F8E4M3FN:
		return (low & 0x7f) == 0x7f ? (double)NAN : small_float(low, 4, 3, 7);
	case SY_ELEMENT_F8E4M3FNUZ:
		return low == 0x80 ? (double)NAN : small_float(low, 4, 3, 8);
	case SY_ELEMENT_F8E5M2FNUZ:
		return low == 0x80 ? (double)NAN : small_float(low, 5, 2, 16);
	}
	return 0;
}
