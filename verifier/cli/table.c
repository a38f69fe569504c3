/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands and options.  It holds data only; whoever adds an option
 * adds it here and nowhere else.
 */
#include "verifier/cli/cmd.h"

#define FIELD(member) offsetof(struct options, member)
#define ON_ALL (ON_NONE | ON_CHECK | ON_SCAN | ON_HASH | ON_INSPECT | ON_RULES | \
		ON_HELP | ON_COMPLETION | ON_TRACE | ON_KEY)
#define ON_REPORT (ON_CHECK | ON_SCAN)
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

static const struct command_example hash_examples[] = {
	{ "steelyard hash model/ > SHA256SUMS", "every file below model/" },
	{ "steelyard hash -c SHA256SUMS", "compare, as sha256sum -c does" },
	{ "steelyard hash -a sha512,blake2b --tag model.gguf",
	  "two digests of one file, each read once" },
	{ 0 }
};

static const struct command_example inspect_examples[] = {
	{ "steelyard inspect model.gguf", "format, metadata and tensors" },
	{ "steelyard inspect --json model.safetensors", "the same for programs" },
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
	  "a digest differs, a file cannot be read or a list is unusable." },
	{ .name = "inspect", .bit = ON_INSPECT, .operands = "PATH...",
	  .min_operands = 1, .max_operands = SIZE_MAX, .run = cmd_inspect,
	  .examples = inspect_examples,
	  .summary = "format, metadata and tensors of model files",
	  .about =
	  "Prints what stands in the header of each file: its format, its metadata "
	  "(long values are cut) and its tensors with name, type, shape, offset and "
	  "length in bytes. Directories show every model file below them. The exit "
	  "status is that of scan." },
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
	{ .name = "all", .type = OPTION_FLAG, .field = FIELD(all), .commands = ON_TRACE,
	  .help = "List every opcode with its argument." },
	{ .name = "allow-empty", .type = OPTION_FLAG, .field = FIELD(allow_empty),
	  .commands = ON_REPORT,
	  .help = "Exit with 0 instead of 3 when there is nothing to examine." },
	{ .name = "allow-global", .type = OPTION_LIST, .field = FIELD(allow_global),
	  .commands = ON_REPORT | ON_TRACE, .value = "NAME",
	  .help = "Allow pickles to import NAME although it is not on the list: module.name, "
		  "or module.* for all below a module. Such findings are listed as suppressed. "
		  "It never covers a dangerous name. May be repeated." },
	{ .name = "baseline", .type = OPTION_TEXT, .field = FIELD(baseline),
	  .commands = ON_REPORT, .value = "REPORT", .fill = FILL_FILE,
	  .help = "Suppress findings that stand in this earlier JSON report; they are "
		  "still listed as suppressed." },
	{ .name = "check", .letter = 'c', .type = OPTION_FLAG, .field = FIELD(check),
	  .commands = ON_HASH,
	  .help = "Read lists of digests from the PATHs and compare." },
	{ .name = "color", .type = OPTION_CHOICE, .field = FIELD(color),
	  .commands = ON_WALK | ON_RULES | ON_TRACE, .value = "WHEN",
	  .choices = "auto|always|never", .env = "STEELYARD_COLOR", .fill = FILL_CHOICES,
	  .help = "Color the text: auto (the default: on a terminal, unless NO_COLOR is "
		  "set), always or never." },
	{ .name = "exclude", .type = OPTION_LIST, .field = FIELD(exclude),
	  .commands = ON_WALK, .value = "GLOB",
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
	  .commands = ON_WALK | ON_HASH,
	  .help = "Also read links that lead out of a directory." },
	{ .name = "help", .letter = 'h', .type = OPTION_FLAG, .field = FIELD(help),
	  .commands = ON_ALL, .help = "Print this help." },
	{ .name = "ignore-missing", .type = OPTION_FLAG, .field = FIELD(ignore_missing),
	  .commands = ON_HASH,
	  .help = "With -c: say nothing about files that do not exist." },
	{ .name = "jobs", .type = OPTION_NUMBER, .field = FIELD(jobs),
	  .commands = ON_WALK | ON_HASH, .value = "N", .max = 1024,
	  .env = "STEELYARD_JOBS",
	  .help = "Work on N files at once; 0, the default, means as many as CPUs. The "
		  "output does not depend on it." },
	{ .name = "json", .type = OPTION_FLAG, .field = FIELD(json),
	  .commands = ON_NONE | ON_WALK | ON_HASH | ON_RULES | ON_TRACE | ON_KEY,
	  .help = "Print one JSON document on stdout." },
	{ .name = "limit", .type = OPTION_LIST, .field = FIELD(limit),
	  .commands = ON_WALK | ON_HASH | ON_TRACE | ON_KEY, .value = "NAME=VALUE",
	  .fill = FILL_LIMITS,
	  .help = "Change a limit, see LIMITS. What lies beyond a limit is undetermined, "
		  "never clean. May be repeated." },
	{ .name = "loader", .type = OPTION_TEXT, .field = FIELD(loader),
	  .commands = ON_REPORT, .value = "LOADER", .fill = FILL_LOADERS,
	  .help = "Judge for one loader only: files that it cannot read are listed as out "
		  "of its scope and do not count. The default is any." },
	{ .name = "man", .type = OPTION_FLAG, .field = FIELD(man), .commands = ON_HELP,
	  .is_hidden = true, .help = "Print the manual page instead, in roff." },
	{ .name = "minisign", .type = OPTION_FLAG, .field = FIELD(minisign),
	  .commands = ON_KEY,
	  .help = "Write minisign's files instead of PEM; such keys are ed25519." },
	{ .name = "no-passphrase", .type = OPTION_FLAG, .field = FIELD(no_passphrase),
	  .commands = ON_KEY,
	  .help = "generate: write the private key unencrypted, so that whoever reads the file "
		  "can sign." },
	{ .name = "passphrase-fd", .type = OPTION_TEXT, .field = FIELD(passphrase_fd),
	  .commands = ON_KEY, .value = "N",
	  .help = "Read the passphrase, one line, from the open descriptor N." },
	{ .name = "passphrase-file", .type = OPTION_TEXT, .field = FIELD(passphrase_file),
	  .commands = ON_KEY, .value = "FILE", .fill = FILL_FILE,
	  .help = "Read the passphrase, one line, from FILE." },
	{ .name = "public", .type = OPTION_TEXT, .field = FIELD(public_path),
	  .commands = ON_KEY, .value = "FILE", .fill = FILL_FILE,
	  .help = "generate: write the public key to FILE instead of beside the private one." },
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, .field = FIELD(quiet),
	  .commands = ON_REPORT,
	  .help = "Print the headline only, and no notices or progress." },
	{ .name = "quiet", .letter = 'q', .type = OPTION_FLAG, .field = FIELD(quiet),
	  .commands = ON_HASH,
	  .help = "With -c: print no line for files that are OK." },
	{ .name = "report", .type = OPTION_LIST, .field = FIELD(report),
	  .commands = ON_REPORT, .value = "FORMAT=FILE", .fill = FILL_FORMATS,
	  .help = "Also write the report in FORMAT to FILE, whole or not at all; - is "
		  "stdout. May be repeated." },
	{ .name = "status", .type = OPTION_FLAG, .field = FIELD(status),
	  .commands = ON_HASH,
	  .help = "With -c: print nothing; the exit status tells." },
	{ .name = "strict", .type = OPTION_FLAG, .field = FIELD(strict),
	  .commands = ON_HASH,
	  .help = "With -c: exit with 1 when a line of the list is malformed." },
	{ .name = "tag", .type = OPTION_FLAG, .field = FIELD(tag), .commands = ON_HASH,
	  .help = "Print tagged lines: SHA256 (FILE) = DIGEST." },
	{ .name = "tensors", .type = OPTION_FLAG, .field = FIELD(tensors),
	  .commands = ON_REPORT,
	  .help = "List every tensor in the JSON report." },
	{ .name = "tensors", .type = OPTION_FLAG, .field = FIELD(tensors),
	  .commands = ON_INSPECT,
	  .help = "Print every tensor; without it the text stops after 40." },
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
	  .commands = ON_WALK | ON_TRACE, .value = "PATH", .env = "STEELYARD_WORKER",
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
	{ .a = "json", .b = "tag", .commands = ON_HASH, .why = "choose one output" },
	{ .a = "json", .b = "zero", .commands = ON_HASH, .why = "choose one output" },
	{ 0 }
};
