/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZIP archives (PKWARE APPNOTE 6.3), read as every loader might read them: from the
 * end by the directory, and from the front by the headers before the data.  Where
 * the two, or two readers, could see different things, a fact says so and both are
 * looked at.
 */
#ifndef SY_FORMATS_ZIP_H
#define SY_FORMATS_ZIP_H

#include "formats/nest.h"
#include "formats/zip_record.h"

#define SY_ZIP_LOCAL_BYTES 30
#define SY_ZIP_FLAG_ENCRYPTED 0x2041u	/* encrypted, strongly, its directory too */
#define SY_ZIP_FLAG_DESCRIPTOR 0x0008u
#define SY_ZIP_METHOD_STORED 0
#define SY_ZIP_METHOD_DEFLATED 8

/* What one header says of an entry: the directory's, or the one before the data. */
struct sy_zip_header {
	struct sy_span name, extra;	/* data */
	uint16_t flags, method;
	uint32_t crc32;
	uint64_t len, size;		/* packed and unpacked bytes; ZIP64 resolved */
	uint64_t off;			/* directory: of the local header */
	uint32_t attributes;		/* directory; the upper half is Unix's file mode */
	uint64_t bytes;			/* of the header itself */
};

struct sy_zip_entry {
	struct sy_span name;		/* of the directory; in the inspection's arena */
	uint64_t at;			/* where its header in the directory stands */
	uint64_t header_off;		/* of its local header, in the file */
	uint64_t data_off, len, size;	/* packed and unpacked bytes */
	uint64_t end_off;		/* behind data and descriptor */
	uint32_t crc32, attributes;
	uint16_t flags, method;
	enum sy_codec codec;
	bool is_there;			/* its bytes lie in the file */
	bool is_readable;		/* and we can unpack them */
	bool is_hidden;			/* the directory does not list it */
	bool is_encrypted;		/* says a flag; some readers do not care */
	bool has_crc;			/* its sum is worth reading it */
	bool is_disputed;		/* its headers name different things */
};

/* One end record, and the directory it leads to. */
struct sy_zip_end {
	uint64_t off;			/* of the record */
	uint64_t end;			/* behind its comment */
	uint64_t dir_off, dir_len;	/* in the file */
	uint64_t n_entries;		/* as it says */
	uint64_t delta;			/* add to offsets that the archive states */
	uint64_t dir_end;		/* where the directory ought to end */
	bool is_zip64;
	bool is_split;			/* it speaks of several disks */
};

#define SY_ZIP_ENDS_MAX 8

struct sy_zip {
	struct sy_inspection *in;
	struct sy_zip_end ends[SY_ZIP_ENDS_MAX];	/* the usual one first */
	size_t n_ends;
	struct sy_zip_entry *entries;	/* in the directory's order */
	size_t n, cap;
	uint64_t size_sum;		/* unpacked bytes */
};

/*
 * Reads the archive and states every fact about it; what cannot be read at all is a
 * fact, too, and leaves n 0.  Emits the extents.  Free it in any case.
 */
SY_MUST_CHECK enum sy_status sy_zip_read(struct sy_zip *zip, struct sy_inspection *in);
void sy_zip_free(struct sy_zip *zip);

/* The member of an entry; its name is the entry's. */
struct sy_member sy_zip_member(const struct sy_zip_entry *entry);

/* Is there anything to look at?  (No folder, in the file, of a method we know.) */
bool sy_zip_is_file(const struct sy_zip_entry *entry);

/*
 * The header before the data, which hardly ever is longer than `buf`: a whole window
 * for each of many small entries would read the file many times over.
 */
struct sy_zip_local {
	uint8_t buf[1024];
	uint8_t *longer;
	struct sy_zip_header header;
	bool is_header;
};

/* Parts of reading; zip_end.c, zip_entry.c, zip_header.c, zip_layout.c, zip_names.c. */
SY_MUST_CHECK enum sy_status sy_zip_find_ends(struct sy_zip *zip);
SY_MUST_CHECK bool sy_zip_get_central(struct sy_cursor *c, struct sy_zip_header *header);
SY_MUST_CHECK bool sy_zip_get_local(struct sy_cursor *c, struct sy_zip_header *header);
/* Whether there is a header is in it; longer is to be released in any case. */
SY_MUST_CHECK enum sy_status sy_zip_open_local(struct sy_zip *zip, uint64_t off,
					       struct sy_zip_local *local);
SY_MUST_CHECK enum sy_status sy_zip_check_entry(struct sy_zip *zip, struct sy_zip_entry *entry);
/* The fields that one of its headers has beside its name. */
SY_MUST_CHECK enum sy_status sy_zip_check_extra(struct sy_zip *zip,
						const struct sy_zip_entry *entry,
						struct sy_span extra);
SY_MUST_CHECK bool sy_zip_find_codec(uint16_t method, enum sy_codec *codec);
SY_MUST_CHECK enum sy_status sy_zip_check_names(struct sy_zip *zip);
SY_MUST_CHECK enum sy_status sy_zip_check_layout(struct sy_zip *zip);

/* A fact about an entry, at its header in the directory; detail is printf. */
SY_PRINTF(4, 5)
SY_MUST_CHECK enum sy_status sy_zip_tell(struct sy_zip *zip,
					 const struct sy_zip_entry *entry,
					 enum sy_rule rule, const char *fmt, ...);

/* The entry's name, quoted, for the beginning of a sentence. */
struct sy_text sy_zip_name_of(const struct sy_zip_entry *entry);

/*
 * What stands at `off` begins like an entry that no directory lists: adds it, if its
 * header ends before `end`, where its data ends at the latest.
 */
SY_MUST_CHECK enum sy_status sy_zip_add_hidden(struct sy_zip *zip, uint64_t off,
					       uint64_t end);

#endif
