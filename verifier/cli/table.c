/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands and options.  It holds data only; whoever adds an option
 * adds it here and nowhere else.
 */
#include "verifier/cli/cmd.h"

#define FIELD(member) offsetof(struct options, member)
#define ON_ALL (ON_NONE | ON_CHECK | ON_SCAN | ON_HASH | ON_INSPECT | ON_RULES | \
		ON_HELP | ON_COMPLETION | ON_TRACE | ON_POLICY | ON_KEY | ON_VERIFY | ON_SIGN | \
		ON_DIFF)
#define ON_REPORT (ON_CHECK | ON_SCAN | ON_VERIFY)
#define ON_LOOK (ON_CHECK | ON_SCAN)
#define ON_TRUST (ON_CHECK | ON_VERIFY)
#define ON_WALK (ON_REPORT | ON_INSPECT)

static const struct command_example check_examples[] = {
	{ "steelyard check model/", "judge a downloaded model before loading it" },
	{ "steelyard check --loader transformers --report sarif=steelyard.sarif model/",
	  "what concerns one loader, and a report for code scanning" },
	{ "find . -name '*.gguf' -print0 | steelyard check --files-from0 -",
	  "a list of files of any length" },
	{ "curl -s https://example.org/model.gguf | steelyard check -",
	  "a stream, kept in a temporary file while it is examined" },
	{ 0 }
};

static const struct command_example scan_examples[] = {
	{ "steelyard scan model/", "structure and code only: no weights are read" },
	{ "steelyard scan --json model/ > report.json", "the report document" },
	{ 0 }
};

static const struct command_example verify_examples[] = {
	{ "steelyard verify --key vendor.pub model/",
	  "is every file the one that the key's owner signed (model.sig)?" },
	{ "steelyard verify --certificate-chain root.pem --signature model.sig model/",
	  "by certificate, with a signature that lies elsewhere" },
	{ "steelyard verify --key minisign.pub model.gguf",
	  "one file, by model.gguf.minisig beside it" },
	{ "steelyard verify --policy policy.json model/", "by the signers of a policy" },
	{ 0 }
};

static const struct command_example sign_examples[] = {
	{ "steelyard sign --key vendor.key model/", "every file; writes model/model.sig" },
	{ "steelyard sign --key vendor.key --certificate vendor.crt "
	  "--certificate-chain issuer.crt model/", "by certificate" },
	{ "steelyard sign --key minisign.key --format minisign model.gguf",
	  "one file; writes model.gguf.minisig" },
	{ "steelyard sign --key vendor.key --format oms --format sha256sum model/",
	  "two kinds from one reading of the files" },
	{ 0 }
};

static const struct command_example hash_examples[] = {
	{ "steelyard hash model/ > SHA256SUMS", "every file below model/" },
	{ "steelyard hash -c SHA256SUMS", "compare, as sha256sum -c does" },
	{ "steelyard hash -a sha512,blake2b --tag model.gguf",
	  "two digests of one file, each read once" },
	{ "steelyard hash --tensors model/",
	  "every tensor and the model, whatever files they are spread over" },
	{ 0 }
};

static const struct command_example inspect_examples[] = {
	{ "steelyard inspect model.gguf", "format, metadata and tensors" },
	{ "steelyard inspect --json model.safetensors", "the same for programs" },
	{ "steelyard inspect --digests model/", "with a digest of every tensor" },
	{ 0 }
};

static const struct command_example diff_examples[] = {
	{ "steelyard diff model/ resharded/", "is it still the same model?" },
	{ "steelyard diff model.safetensors model.gguf", "in another container" },
	{ "steelyard diff --markdown v1/ v2/ > changes.md", "what a release changed" },
	{ 0 }
};

static const struct command_example trace_examples[] = {
	{ "steelyard trace model.pkl", "what unpickling it would do, in a few lines" },
	{ "steelyard trace --all model.pkl | less", "every opcode with its argument" },
	{ "steelyard trace --json model.pkl", "the same for programs" },
	{ 0 }
};

static const struct command_example key_examples[] = {
	{ "steelyard key generate model.key",
	  "a new key in model.key, encrypted, and its public half in model.key.pub" },
	{ "steelyard key generate --minisign --public minisign.pub minisign.key",
	  "the same for minisign" },
	{ "steelyard key generate --no-passphrase --type ecdsa-p384 ci.key",
	  "a key that only the rights of its file protect" },
	{ "steelyard key public model.key > model.pub", "what may be given away" },
	{ "steelyard key id model.pub", "the names under which signatures know the key" },
	{ 0 }
};

static const struct command_example rules_examples[] = {
	{ "steelyard rules", "every rule with its severity" },
	{ "steelyard rules gguf-key-duplicate", "one rule explained" },
	{ 0 }
};

static const struct command_example policy_examples[] = {
	{ "steelyard policy init --preset strict policy.json", "a policy to begin with" },
	{ "steelyard policy show policy.json", "what it says, in normal form" },
	{ "steelyard policy test policy.json", "what it would do, line by line" },
	{ "steelyard policy test policy.json --report report.json",
	  "what it would do to the model of that report" },
	{ 0 }
};

static const struct command_example help_examples[] = {
	{ "steelyard help check", "the options of one command" },
	{ "steelyard help --man check | man -l -", "its manual page" },
	{ 0 }
};

static const struct command_example completion_examples[] = {
	{ "source <(steelyard completion bash)", "for this shell" },
	{ "steelyard completion fish > ~/.config/fish/completions/steelyard.fish",
	  "for every fish to come" },
	{ 0 }
};

const struct command_info cli_commands[] = {
	{ .name = "check", .bit = ON_CHECK, .operands = "PATH...",
	  .max_operands = SIZE_MAX, .run = cmd_check, .examples = check_examples,
	  .summary = "ask all four questions of files, directories, or - for stdin",
	  .about =
	  "Answers four questions for every PATH: who vouches for it (authentic), is "
	  "every byte the one they vouched for (intact), is it what it claims to be "
	  "(well_formed), can loading it run code (inert). Nothing that a file names "
	  "is executed, imported, resolved or fetched.\n"
	  "A directory is walked to its end. Links inside it are followed only where "
	  "they stay in it, or lead to the blobs of the same Hugging Face cache.\n"
	  "What was not examined is never reported as clean. Weights that parse may "
	  "still be backdoored: no answer here is about what a model says." },
	{ .name = "scan", .bit = ON_SCAN, .operands = "PATH...",
	  .max_operands = SIZE_MAX, .run = cmd_scan, .examples = scan_examples,
	  .summary = "well_formed and inert only: read structure, not the weights",
	  .about =
	  "Like check, but asks two questions only: is it what it claims to be, and "
	  "can loading it run code. The weights themselves are not read, so it takes "
	  "milliseconds, and no digests are reported." },
	{ .name = "verify", .bit = ON_VERIFY, .operands = "PATH",
	  .max_operands = 1, .run = cmd_verify, .examples = verify_examples,
	  .summary = "authentic and intact only: compare files with a signed list",
	  .about =
	  "Checks a signature and compares every file of PATH with what was signed: OpenSSF "
	  "Model Signing bundles by key or certificate (also those of older versions), "
	  "minisign and signify signatures of one file. Signatures are those of --signature, "
	  "or model.sig and model.*.sig in a directory, FILE.sig and FILE.minisig beside a "
	  "file.\n"
	  "Files that are missing, changed or added are listed one by one, and so is what the "
	  "signature does not protect. Formats are not looked into: check does that as well, "
	  "and takes the same options." },
	{ .name = "sign", .bit = ON_SIGN, .operands = "PATH",
	  .min_operands = 1, .max_operands = 1, .run = cmd_sign, .examples = sign_examples,
	  .summary = "sign a model, or write a list of digests",
	  .about =
	  "Reads every file of PATH once and signs the list of their digests: an OpenSSF Model "
	  "Signing bundle, which other tools of that format verify as well, a minisign "
	  "signature of one file, or a plain list as sha256sum writes it.\n"
	  "Left out, and named in the signature: git's own files at the top, what "
	  "--ignore-path names, and signatures (model.sig, model.*.sig). Links and whatever "
	  "is no regular file are refused. A signature is written beside its final name, "
	  "synced and renamed: the old one stays until the new one is whole. Nothing else is "
	  "written." },
	{ .name = "hash", .bit = ON_HASH, .operands = "PATH...",
	  .max_operands = SIZE_MAX, .run = cmd_hash, .examples = hash_examples,
	  .summary = "digests in the format of sha256sum, and their comparison",
	  .about =
	  "Prints a digest of every PATH, a line each; a directory stands for every "
	  "file below it, sorted by path. More than one algorithm prints tagged "
	  "lines. A file that cannot be read is named on stderr and makes the exit "
	  "status 2.\n"
	  "With -c the PATHs are lists of digests, tagged or not (standard input when "
	  "there is none), and output and exit status are those of sha256sum -c: 1 when "
	  "a digest differs, a file cannot be read or a list is unusable.\n"
	  "With --tensors each line is 'tensor', the tensor digest, the SHA-256 of the "
	  "stored bytes (or -) and PATH:NAME; at the end stand the digest of the model and "
	  "the one that no name goes into. docs/formats/tensor-digests.md specifies them. The "
	  "exit status is 2 when one could not be made." },
	{ .name = "inspect", .bit = ON_INSPECT, .operands = "PATH...",
	  .min_operands = 1, .max_operands = SIZE_MAX, .run = cmd_inspect,
	  .examples = inspect_examples,
	  .summary = "format, metadata, members and tensors of model files",
	  .about =
	  "Prints what stands in the header of each file: its format, its metadata "
	  "(long values are cut), its tensors with name, type, shape, offset and "
	  "length in bytes, and of containers what they hold, at all depths: offset, "
	  "packed and unpacked bytes, codec, and the format that it was read as. "
	  "Directories show every model file below them. The exit "
	  "status is that of scan." },
	{ .name = "diff", .bit = ON_DIFF, .operands = "A B",
	  .min_operands = 2, .max_operands = 2, .run = cmd_diff, .examples = diff_examples,
	  .summary = "which tensors of two models differ, and by how much",
	  .about =
	  "Compares two models, each a file or a directory, tensor by tensor: what is only "
	  "in one of them, has another name, type or shape, or other elements: how many, in "
	  "which rows, the norm of the difference, the largest change and the first one. How "
	  "the tensors are spread over files, in which order, byte order or format, does not "
	  "count. Metadata is compared where both are of one format.\n"
	  "The exit status is 0 when weights and metadata are the same, 1 when they differ, "
	  "and 2 when that is not certain, since one of them could not be examined to its "
	  "end. What a difference means is for people to say." },
	{ .name = "trace", .bit = ON_TRACE, .operands = "FILE",
	  .min_operands = 1, .max_operands = 1, .run = cmd_trace,
	  .examples = trace_examples,
	  .summary = "what unpickling a file would do, step by step",
	  .about =
	  "Follows the opcodes of a pickle, or of the pickles in a container, without "
	  "importing or calling anything, and tells what unpickling would do: offset, "
	  "opcode, and the import or the call with its arguments. Opcodes that only "
	  "build data are summed up.\n"
	  "Each step that matters is marked: DANGEROUS, NOT ON THE LIST (a name that "
	  "nobody has judged yet), UNUSUAL (a known name used in another way, something "
	  "hidden or broken) or known. The last line says it in one sentence. The exit "
	  "status is that of scan, and 3 when there is no pickle to follow." },
	{ .name = "key", .bit = ON_KEY, .operands = "generate|public|id FILE",
	  .min_operands = 2, .max_operands = 2, .run = cmd_key,
	  .operand_words = "generate|public|id", .examples = key_examples,
	  .summary = "make keys, and show what is public about them",
	  .about =
	  "generate makes a key and writes it to FILE, encrypted with a passphrase and "
	  "readable for its owner only, and its public half to FILE.pub. Nothing is ever "
	  "written over a file that is there: there is no option for it. public prints the "
	  "public key, and id prints its kind and the names under which signatures "
	  "know it; for both, FILE is a private or a public key.\n"
	  "Keys are read from PEM (PKCS#8, SEC1), minisign, signify and cosign files, "
	  "encrypted ones too. Without --passphrase-file and --passphrase-fd the passphrase "
	  "is asked for at the terminal, without showing it; a command line never holds "
	  "one.\n"
	  "The exit status is 0, 4 when FILE is no key or the passphrase does not open it, "
	  "and 2 when a file could not be read or written." },
	{ .name = "rules", .bit = ON_RULES, .operands = "[RULE]",
	  .max_operands = 1, .run = cmd_rules, .examples = rules_examples,
	  .summary = "list every rule, or explain one",
	  .about =
	  "Lists the rules that findings refer to, or explains one of them: what it "
	  "means, why it matters, what to do. Ids never change their meaning." },
	{ .name = "policy", .bit = ON_POLICY, .operands = "init|show|test [FILE]",
	  .min_operands = 1, .max_operands = 2, .run = cmd_policy,
	  .operand_words = "init|show|test", .examples = policy_examples,
	  .summary = "begin, show or try a trust policy",
	  .about =
	  "A policy says who may vouch for which files, which answers must be yes, which "
	  "formats and globals are allowed, what is revoked and what fails; check and scan "
	  "take it by --policy.\n"
	  "init prints one to begin with, or writes it to FILE, which must not exist. show "
	  "prints the policy of FILE (or of --policy) in normal form, with every default. "
	  "test says line by line what it would do, or with --report what it would do to the "
	  "model of that JSON report, and leaves with the exit status that check would.\n"
	  "A policy with a mistake in it is refused, with the line and what to do. It is "
	  "never read from inside what is examined, and the command line can only make it "
	  "stricter." },
	{ .name = "help", .bit = ON_HELP, .operands = "[COMMAND]",
	  .max_operands = 1, .run = cmd_help, .examples = help_examples,
	  .summary = "help on a command",
	  .about = "Prints the help of a command, or of the program." },
	{ .name = "completion", .bit = ON_COMPLETION, .operands = "SHELL",
	  .min_operands = 1, .max_operands = 1, .run = cmd_completion,
	  .operand_words = "bash|fish|zsh", .examples = completion_examples,
	  .is_hidden = true,
	  .summary = "print a completion script for bash, fish or zsh",
	  .about = "Prints a completion script, made from the same table as this help." },
	{ 0 }
};

/*
 * Sorted by name: help, man pages and completion print in this order.  A name may
 * stand twice when it means something else to another command.
 */
const struct option_info cli_options[] = {
	{ .name = "algorithm", .letter = 'a', .type = OPTION_TEXT,
	  .field = FIELD(algorithms), .commands = ON_HASH, .value = "NAME[,NAME...]",
	  .fill = FILL_ALGORITHMS,
	  .help = "Digest algorithms; the default is sha256. With -c: the algorithm of "
		  "lines that do not name one." },
	{ .name = "algorithm", .letter = 'a', .type = OPTION_TEXT,
	  .field = FIELD(algorithms), .commands = ON_SIGN, .value = "NAME",
	  .fill = FILL_ALGORITHMS,
	  .help = "Digests in the signed list: sha256 (the default) or blake2b." },
	{ .name = "all", .type = OPTION_FLAG, .field = FIELD(all), .commands = ON_TRACE,
	  .help = "List every opcode with its argument." },
	{ .name = "allow-empty", .type = OPTION_FLAG, .field = FIELD(allow_empty),
	  .commands = ON_LOOK,
	  .help = "Exit with 0 instead of 3 when there is nothing to examine." },
	{ .name = "allow-global", .type = OPTION_LIST, .field = FIELD(allow_global),
	  .commands = ON_LOOK | ON_TRACE, .value = "NAME",
	  .help = "Allow pickles to import NAME although it is not on the list: module.name, "
		  "or module.* for all below a module. Such findings are listed as suppressed. "
		  "It never covers a dangerous name. May be repeated." },
	{ .name = "allow-symlinks", .type = OPTION_FLAG, .field = FIELD(allow_symlinks),
	  .commands = ON_SIGN,
	  .help = "Sign what symbolic links in the model lead to, under their own names; the "
		  "signature says so." },
	{ .name = "baseline", .type = OPTION_TEXT, .field = FIELD(baseline),
	  .commands = ON_LOOK, .value = "REPORT", .fill = FILL_FILE,
	  .help = "Suppress findings that stand in this earlier JSON report; they are "
		  "still listed as suppressed." },
	{ .name = "bundle", .type = OPTION_LIST, .field = FIELD(signature),
	  .commands = ON_TRUST, .value = "FILE", .fill = FILL_FILE, .is_hidden = true,
	  .help = "The same as --signature." },
	{ .name = "cache", .type = OPTION_TEXT, .field = FIELD(cache),
	  .commands = ON_SIGN, .value = "FILE", .env = "STEELYARD_CACHE", .fill = FILL_FILE,
	  .help = "Read only what changed since the last signing with this FILE, which is "
		  "written anew. Whoever can write it says what is signed: it lies outside of "
		  "the model and is writable by nobody else." },
	{ .name = "certificate", .type = OPTION_TEXT, .field = FIELD(certificate),
	  .commands = ON_SIGN, .value = "FILE", .fill = FILL_FILE,
	  .help = "The signer's certificate, in PEM, for the key of --key." },
	{ .name = "certificate-chain", .type = OPTION_LIST, .field = FIELD(certificate_chain),
	  .commands = ON_SIGN, .value = "FILE", .fill = FILL_FILE,
	  .help = "Certificates between the signer's and the root, which goes without saying. "
		  "May be repeated." },
	{ .name = "certificate-chain", .type = OPTION_LIST, .field = FIELD(certificate_chain),
	  .commands = ON_TRUST, .value = "FILE", .fill = FILL_FILE,
	  .help = "Trust the certificates of this PEM file, and who they vouch for. May be "
		  "repeated." },
	{ .name = "certificate-time", .type = OPTION_CHOICE, .field = FIELD(certificate_time),
	  .commands = ON_TRUST, .value = "WHEN", .choices = "leaf-notbefore|now|timestamp",
	  .fill = FILL_CHOICES,
	  .help = "When certificates must be valid: leaf-notbefore (the default: when the "
		  "signer's began, as other tools do), now, or timestamp (the time that an "
		  "authority of --timestamp-chain vouches for)." },
	{ .name = "certificate_chain", .type = OPTION_LIST, .field = FIELD(certificate_chain),
	  .commands = ON_TRUST | ON_SIGN, .value = "FILE", .fill = FILL_FILE, .is_hidden = true,
	  .help = "The same as --certificate-chain." },
	{ .name = "check", .letter = 'c', .type = OPTION_FLAG, .field = FIELD(check),
	  .commands = ON_HASH,
	  .help = "Read lists of digests from the PATHs and compare." },
	{ .name = "color", .type = OPTION_CHOICE, .field = FIELD(color),
	  .commands = ON_WALK | ON_RULES | ON_TRACE, .value = "WHEN",
	  .choices = "auto|always|never", .env = "STEELYARD_COLOR", .fill = FILL_CHOICES,
	  .help = "Color the text: auto (the default: on a terminal, unless NO_COLOR is "
		  "set), always or never." },
	{ .name = "digests", .type = OPTION_FLAG, .field = FIELD(digests),
	  .commands = ON_CHECK,
	  .help = "Also give every tensor and the model a digest, from the same reading as "
		  "those of the files, for the JSON report." },
	{ .name = "digests", .type = OPTION_FLAG, .field = FIELD(digests),
	  .commands = ON_INSPECT,
	  .help = "Also read the weights, and print a digest of every tensor and of the "
		  "model." },
	{ .name = "exclude", .type = OPTION_LIST, .field = FIELD(exclude),
	  .commands = ON_LOOK | ON_INSPECT, .value = "GLOB",
	  .help = "Leave out files whose path below PATH matches; they stay listed as "
		  "excluded. * stops at a slash, ** does not. May be repeated." },
	{ .name = "fail-on", .type = OPTION_CHOICE, .field = FIELD(fail_on),
	  .commands = ON_REPORT, .value = "SEVERITY",
	  .choices = "none|info|low|medium|high|critical", .fill = FILL_CHOICES,
	  .help = "Lowest severity of a finding that makes the exit status 1; the "
		  "default is high. The verdict does not change." },
	{ .name = "files-from0", .type = OPTION_TEXT, .field = FIELD(files_from0),
	  .commands = ON_REPORT, .value = "FILE", .fill = FILL_FILE,
	  .help = "Read more PATHs, each ended by a NUL byte, from FILE or from stdin "
		  "(-)." },
	{ .name = "follow-links", .type = OPTION_FLAG, .field = FIELD(follow_links),
	  .commands = ON_WALK | ON_HASH | ON_DIFF,
	  .help = "Also read links that lead out of a directory." },
	{ .name = "format", .type = OPTION_LIST, .field = FIELD(format),
	  .commands = ON_SIGN, .value = "FORMAT",
	  .help = "What to write: oms (the default), minisign (one file, Ed25519) or sha256sum "
		  "(a list, which nobody signs). May be repeated." },
	{ .name = "help", .letter = 'h', .type = OPTION_FLAG, .field = FIELD(help),
	  .commands = ON_ALL, .help = "Print this help." },
	{ .name = "ignore-missing", .type = OPTION_FLAG, .field = FIELD(ignore_missing),
	  .commands = ON_HASH,
	  .help = "With -c: say nothing about files that do not exist." },
	{ .name = "ignore-path", .type = OPTION_LIST, .field = FIELD(ignore_path),
	  .commands = ON_SIGN, .value = "PATH", .fill = FILL_FILE,
	  .help = "Leave out this file of the model, or what lies below this directory; the "
		  "signature says so. May be repeated." },
	{ .name = "ignore-path", .type = OPTION_LIST, .field = FIELD(ignore_path),
	  .commands = ON_TRUST, .value = "PATH", .fill = FILL_FILE,
	  .help = "This file, or what lies below this directory, need not be signed; what is "
		  "signed is compared all the same. May be repeated." },
	{ .name = "ignore-paths", .type = OPTION_LIST, .field = FIELD(ignore_path),
	  .commands = ON_TRUST | ON_SIGN, .value = "PATH", .fill = FILL_FILE, .is_hidden = true,
	  .help = "The same as --ignore-path." },
	{ .name = "ignore-unsigned-files", .type = OPTION_FLAG, .field = FIELD(ignore_unsigned),
	  .commands = ON_TRUST, .is_hidden = true,
	  .help = "No file need be signed: like --ignore-path for all that is not." },
	{ .name = "ignore_paths", .type = OPTION_LIST, .field = FIELD(ignore_path),
	  .commands = ON_TRUST | ON_SIGN, .value = "PATH", .fill = FILL_FILE, .is_hidden = true,
	  .help = "The same as --ignore-path." },
	{ .name = "ignore_unsigned_files", .type = OPTION_FLAG, .field = FIELD(ignore_unsigned),
	  .commands = ON_TRUST, .is_hidden = true,
	  .help = "The same as --ignore-unsigned-files." },
	{ .name = "jobs", .type = OPTION_NUMBER, .field = FIELD(jobs),
	  .commands = ON_WALK | ON_HASH | ON_SIGN | ON_DIFF, .value = "N", .max = 1024,
	  .env = "STEELYARD_JOBS",
	  .help = "Work on N files at once; 0, the default, means as many as CPUs. The "
		  "output does not depend on it." },
	{ .name = "json", .type = OPTION_FLAG, .field = FIELD(json),
	  .commands = ON_NONE | ON_WALK | ON_HASH | ON_RULES | ON_TRACE | ON_KEY | ON_SIGN |
		      ON_DIFF,
	  .help = "Print one JSON document on stdout." },
	{ .name = "key", .type = OPTION_LIST, .field = FIELD(key),
	  .commands = ON_TRUST, .value = "PUBLIC", .fill = FILL_FILE,
	  .help = "Trust this public key: a PEM file, or one of minisign or signify. May be "
		  "repeated." },
	{ .name = "key", .type = OPTION_LIST, .field = FIELD(key),
	  .commands = ON_SIGN, .value = "PRIVATE", .fill = FILL_FILE,
	  .help = "The private key to sign with: PEM (PKCS#8, SEC1, cosign's) or minisign's; "
		  "encrypted ones ask for their passphrase." },
	{ .name = "limit", .type = OPTION_LIST, .field = FIELD(limit),
	  .commands = ON_WALK | ON_HASH | ON_TRACE | ON_KEY | ON_SIGN | ON_DIFF,
	  .value = "NAME=VALUE",
	  .fill = FILL_LIMITS,
	  .help = "Change a limit, see LIMITS. What lies beyond a limit is undetermined, "
		  "never clean. May be repeated." },
	{ .name = "loader", .type = OPTION_TEXT, .field = FIELD(loader),
	  .commands = ON_LOOK, .value = "LOADER", .fill = FILL_LOADERS,
	  .help = "Judge for one loader only: files that it cannot read are listed as out "
		  "of its scope and do not count. The default is any." },
	{ .name = "man", .type = OPTION_FLAG, .field = FIELD(man), .commands = ON_HELP,
	  .is_hidden = true, .help = "Print the manual page instead, in roff." },
	{ .name = "markdown", .type = OPTION_FLAG, .field = FIELD(markdown),
	  .commands = ON_DIFF, .help = "Print Markdown, for a pull request or a release." },
	{ .name = "minisign", .type = OPTION_FLAG, .field = FIELD(minisign),
	  .commands = ON_KEY,
	  .help = "Write minisign's files instead of PEM; such keys are ed25519." },
	{ .name = "no-cache", .type = OPTION_FLAG, .field = FIELD(no_cache),
	  .commands = ON_SIGN,
	  .help = "Read every file, whatever STEELYARD_CACHE says." },
	{ .name = "no-passphrase", .type = OPTION_FLAG, .field = FIELD(no_passphrase),
	  .commands = ON_KEY,
	  .help = "generate: write the private key unencrypted, so that whoever reads the file "
		  "can sign." },
	{ .name = "passphrase-fd", .type = OPTION_TEXT, .field = FIELD(passphrase_fd),
	  .commands = ON_KEY | ON_SIGN, .value = "N",
	  .help = "Read the passphrase, one line, from the open descriptor N." },
	{ .name = "passphrase-file", .type = OPTION_TEXT, .field = FIELD(passphrase_file),
	  .commands = ON_KEY | ON_SIGN, .value = "FILE", .fill = FILL_FILE,
	  .help = "Read the passphrase, one line, from FILE." },
	{ .name = "policy", .type = OPTION_TEXT, .field = FIELD(policy),
	  .commands = ON_REPORT | ON_POLICY, .value = "FILE", .env = "STEELYARD_POLICY",
	  .fill = FILL_FILE,
	  .help = "The policy that judges: who may vouch, what is allowed, what fails. Other "
		  "options can only make it stricter; one that would loosen it is refused." },
	{ .name = "preset", .type = OPTION_TEXT, .field = FIELD(preset),
	  .commands = ON_POLICY, .value = "PRESET", .fill = FILL_PRESETS,
	  .help = "For init: default (which is the default), permissive or strict." },
	{ .name = "public", .type = OPTION_TEXT, .field = FIELD(public_path),
	  .commands = ON_KEY, .value = "FILE", .fill = FILL_FILE,
	  .help = "generate: write the public key to FILE instead of beside the private one." },
	{ .name = "public-key", .type = OPTION_LIST, .field = FIELD(key),
	  .commands = ON_TRUST, .value = "PUBLIC", .fill = FILL_FILE, .is_hidden = true,
	  .help = "The same as --key." },
	{ .name = "public_key", .type = OPTION_LIST, .field = FIELD(key),
	  .commands = ON_TRUST, .value = "PUBLIC", .fill = FILL_FILE, .is_hidden = true,
	  .help = "The same as --key." },
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, .field = FIELD(quiet),
	  .commands = ON_REPORT | ON_SIGN,
	  .help = "Print the headline only, and no notices or progress." },
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, .field = FIELD(quiet),
	  .commands = ON_HASH,
	  .help = "With -c: print no line for files that are OK." },
	{ .name = "report", .type = OPTION_LIST, .field = FIELD(report),
	  .commands = ON_REPORT, .value = "FORMAT=FILE", .fill = FILL_FORMATS,
	  .help = "Also write the report in FORMAT to FILE, whole or not at all; - is "
		  "stdout. May be repeated." },
	{ .name = "report", .type = OPTION_TEXT, .field = FIELD(tried),
	  .commands = ON_POLICY, .value = "REPORT", .fill = FILL_FILE,
	  .help = "For test: the JSON report to try the policy on." },
	{ .name = "sandbox", .type = OPTION_CHOICE, .field = FIELD(sandbox),
	  .commands = ON_LOOK | ON_INSPECT | ON_TRACE | ON_HASH | ON_DIFF, .value = "WHEN",
	  .choices = "require|auto|off",
	  .env = "STEELYARD_SANDBOX", .fill = FILL_CHOICES,
	  .help = "How the processes that read the files are confined, by Landlock and "
		  "seccomp: auto (the default) by what this kernel has, with a notice when "
		  "that is not both; require: examine nothing without both; off: by "
		  "resource limits only, with a notice." },
	{ .name = "shard-size", .type = OPTION_NUMBER, .field = FIELD(shard_size),
	  .commands = ON_SIGN, .value = "BYTES", .max = UINT64_C(1) << 50,
	  .help = "Sign digests of pieces of this many bytes instead of whole files; empty "
		  "files have none and stay unprotected." },
	{ .name = "signature", .type = OPTION_LIST, .field = FIELD(signature),
	  .commands = ON_TRUST, .value = "FILE", .fill = FILL_FILE,
	  .help = "The signature of PATH, instead of those that lie in or beside it. May be "
		  "repeated." },
	{ .name = "signature", .type = OPTION_LIST, .field = FIELD(signature),
	  .commands = ON_SIGN, .value = "FILE", .fill = FILL_FILE,
	  .help = "Where to write, one for each format in order; without it model.sig in the "
		  "directory, or beside the file with .sig, .minisig, .sha256." },
	{ .name = "stats", .type = OPTION_FLAG, .field = FIELD(stats),
	  .commands = ON_CHECK,
	  .help = "Also look at the values of every tensor: NaN, infinity, zeros, smallest, "
		  "largest, mean and variance, for the JSON report." },
	{ .name = "status", .type = OPTION_FLAG, .field = FIELD(status),
	  .commands = ON_HASH,
	  .help = "With -c: print nothing; the exit status tells." },
	{ .name = "strict", .type = OPTION_FLAG, .field = FIELD(strict),
	  .commands = ON_HASH,
	  .help = "With -c: exit with 1 when a line of the list is malformed." },
	{ .name = "tag", .type = OPTION_FLAG, .field = FIELD(tag), .commands = ON_HASH,
	  .help = "Print tagged lines: SHA256 (FILE) = DIGEST." },
	{ .name = "tensors", .type = OPTION_FLAG, .field = FIELD(tensors),
	  .commands = ON_HASH,
	  .help = "Print the digests of every tensor and of the model, which stay the same "
		  "in other shards, another order and another format." },
	{ .name = "tensors", .type = OPTION_FLAG, .field = FIELD(tensors),
	  .commands = ON_LOOK,
	  .help = "List every tensor in the JSON report." },
	{ .name = "tensors", .type = OPTION_FLAG, .field = FIELD(tensors),
	  .commands = ON_INSPECT,
	  .help = "Print every tensor and member; without it the text stops after 40 of "
		  "each." },
	{ .name = "timestamp-chain", .type = OPTION_LIST, .field = FIELD(timestamp_chain),
	  .commands = ON_TRUST, .value = "FILE", .fill = FILL_FILE,
	  .help = "Trust the time-stamp authorities (RFC 3161) under the certificates of this "
		  "PEM file for the time. A time-stamp that does not hold refuses its signature. "
		  "May be repeated." },
	{ .name = "timestamp-certificate-chain", .type = OPTION_LIST,
	  .field = FIELD(timestamp_chain), .commands = ON_TRUST, .value = "FILE",
	  .fill = FILL_FILE, .is_hidden = true, .help = "The same as --timestamp-chain." },
	{ .name = "type", .letter = 't', .type = OPTION_CHOICE, .field = FIELD(type),
	  .commands = ON_KEY, .value = "TYPE",
	  .choices = "ecdsa-p256|ecdsa-p384|ecdsa-p521|ed25519", .fill = FILL_CHOICES,
	  .help = "generate: the kind of key. The default is ecdsa-p256, which every reader of "
		  "OMS signatures knows, and ed25519 with --minisign." },
	{ .name = "version", .type = OPTION_FLAG, .field = FIELD(version),
	  .commands = ON_NONE, .help = "Print the version." },
	{ .name = "warn", .letter = 'w', .type = OPTION_FLAG, .field = FIELD(warn),
	  .commands = ON_HASH,
	  .help = "With -c: name each malformed line of the list." },
	{ .name = "worker", .type = OPTION_TEXT, .field = FIELD(worker),
	  .commands = ON_LOOK | ON_INSPECT | ON_TRACE | ON_HASH | ON_DIFF, .value = "PATH",
	  .env = "STEELYARD_WORKER",
	  .fill = FILL_FILE, .is_hidden = true,
	  .help = "The steelyard-worker program." },
	{ .name = "zero", .letter = 'z', .type = OPTION_FLAG, .field = FIELD(zero),
	  .commands = ON_HASH,
	  .help = "End each line with a NUL byte and do not escape names." },
	{ 0 }
};

#define ONLY_WITH_C "means something only when a list is checked (-c)"

const struct option_rule cli_option_rules[] = {
	{ .a = "ignore-missing", .needs = "check", .commands = ON_HASH, .why = ONLY_WITH_C },
	{ .a = "quiet", .needs = "check", .commands = ON_HASH, .why = ONLY_WITH_C },
	{ .a = "status", .needs = "check", .commands = ON_HASH, .why = ONLY_WITH_C },
	{ .a = "strict", .needs = "check", .commands = ON_HASH, .why = ONLY_WITH_C },
	{ .a = "warn", .needs = "check", .commands = ON_HASH, .why = ONLY_WITH_C },
	{ .a = "tensors", .b = "algorithm", .commands = ON_HASH,
	  .why = "digests of tensors are SHA-256" },
	{ .a = "tensors", .b = "check", .commands = ON_HASH,
	  .why = "a list is of files" },
	{ .a = "tensors", .b = "tag", .commands = ON_HASH,
	  .why = "its lines are of their own kind" },
	{ .a = "tensors", .b = "zero", .commands = ON_HASH,
	  .why = "its lines are of their own kind" },
	{ .a = "tag", .b = "check", .commands = ON_HASH,
	  .why = "a checked list prints no digests" },
	{ .a = "zero", .b = "check", .commands = ON_HASH,
	  .why = "a checked list prints no digests" },
	{ .a = "json", .b = "check", .commands = ON_HASH,
	  .why = "a checked list prints the lines of sha256sum -c" },
	{ .a = "follow-links", .b = "check", .commands = ON_HASH,
	  .why = "a list names files, not directories" },
	{ .a = "no-passphrase", .b = "passphrase-fd", .commands = ON_KEY,
	  .why = "with a passphrase or without" },
	{ .a = "no-passphrase", .b = "passphrase-file", .commands = ON_KEY,
	  .why = "with a passphrase or without" },
	{ .a = "passphrase-fd", .b = "passphrase-file", .commands = ON_KEY,
	  .why = "there is one passphrase" },
	{ .a = "json", .b = "markdown", .commands = ON_DIFF, .why = "choose one output" },
	{ .a = "json", .b = "tag", .commands = ON_HASH, .why = "choose one output" },
	{ .a = "json", .b = "zero", .commands = ON_HASH, .why = "choose one output" },
	{ 0 }
};
