/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bids that need more than a signature, for recognised.def.  Each returns bits
 * of conviction from a probe; all compare a few bytes in its windows.
 */
#ifndef SY_FORMATS_SNIFF_H
#define SY_FORMATS_SNIFF_H

#include "formats/format.h"

/* sniff_binary.c */
unsigned sy_bid_bmp(const struct sy_probe *p);
unsigned sy_bid_mpeg_audio(const struct sy_probe *p);
unsigned sy_bid_msgpack(const struct sy_probe *p);
unsigned sy_bid_pe(const struct sy_probe *p);
unsigned sy_bid_tar(const struct sy_probe *p);
unsigned sy_bid_torch_legacy(const struct sy_probe *p);
unsigned sy_bid_torch_tar(const struct sy_probe *p);
unsigned sy_bid_zlib(const struct sy_probe *p);

/* A ZIP by what its first entry is: "torch", "npz", "keras", "dduf", "zip". */
unsigned sy_bid_zip(const struct sy_probe *p, const char *kind);

/* sniff_protobuf.c */
unsigned sy_bid_coreml(const struct sy_probe *p);
unsigned sy_bid_onnx(const struct sy_probe *p);
unsigned sy_bid_sentencepiece(const struct sy_probe *p);
unsigned sy_bid_tf_bundle(const struct sy_probe *p);
unsigned sy_bid_tf_graph(const struct sy_probe *p);
unsigned sy_bid_tfevents(const struct sy_probe *p);

/* sniff_text.c */
unsigned sy_bid_html(const struct sy_probe *p);
unsigned sy_bid_openvino(const struct sy_probe *p);
unsigned sy_bid_python(const struct sy_probe *p);
unsigned sy_bid_text(const struct sy_probe *p);

#endif
