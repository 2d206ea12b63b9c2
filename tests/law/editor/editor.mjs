/*
 * The TextMate grammar of jurisdictions/editor on every file of law: each token's scope is held
 * against an own reading of the file. node editor.mjs SOURCE-DIR MODULES-DIR; the last line counts.
 */
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [source, modules] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), "x.js"));
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

let passed = 0;
let failed = 0;
function check(fine, where, what) {
	if (fine) {
		passed++;
		return;
	}
	failed++;
	if (failed <= 60)
		console.log(`${typeof where === "function" ? where() : where}: ${what}`);
}

/* ---- an own lexer: comments, texts, dates, numbers, words, marks --------------------------------- */

function lex(text) {
	const tokens = [];
	const shapes = [
		["comment", /#[^\n]*/y],
		["string", /"[^"]*"/y],
		["date", /\d{4}-\d{2}-\d{2}(?!\w)/y],
		["number", /\d+(?!\w)/y],
		["hash", /[0-9a-fA-F]{64}(?!\w)/y],
		["word", /[A-Za-z_]\w*(?:[.-]\w+)*/y],
		["mark", /[,;()]/y],
	];
	let at = 0;

	while (at < text.length) {
		if (/\s/.test(text[at])) {
			at++;
			continue;
		}
		const found = shapes.find(([, shape]) => {
			shape.lastIndex = at;
			return shape.test(text);
		});
		if (!found)
			throw new Error(`no token at ${at}: ${text.slice(at, at + 20)}`);
		const end = found[1].lastIndex;
		tokens.push({ kind: found[0], text: text.slice(at, end), at, end });
		at = end;
	}
	return tokens;
}

/* ---- the grammar's answer: the scopes of each character ------------------------------------------ */

function colour(grammar, text) {
	const scopes = new Array(text.length);
	let stack = textmate.INITIAL;
	let offset = 0;

	for (const line of text.split("\n")) {
		const result = grammar.tokenizeLine(line, stack);

		for (const token of result.tokens)
			for (let i = token.startIndex; i < token.endIndex && offset + i < text.length; i++)
				scopes[offset + i] = token.scopes;
		stack = result.ruleStack;
		offset += line.length + 1;
	}
	return { scopes, rest: grammar.tokenizeLine("", stack).tokens[0].scopes };
}

const has = (scopes, prefix) => scopes.some((scope) => scope === prefix || scope.startsWith(`${prefix}.`));

/* ---- what each token must be --------------------------------------------------------------------- */

const declared = { rule: "entity.name.function.rule", fact: "entity.name.variable.fact", act: "entity.name.type.act",
	set: "entity.name.constant.set", term: "entity.name.variable.term", calendar: "entity.name.type.calendar" };
const modalities = ["permits", "requires", "forbids", "needs-human"];

/* The words of a list of names: "a, b, c". */
function list(tokens, from) {
	const names = [];

	for (let i = from; tokens[i]?.kind === "word"; i += 2) {
		names.push(i);
		if (tokens[i + 1]?.text !== ",")
			break;
	}
	return names;
}

/* By position, as the parser reads: which token must have which scope. */
function expectations(tokens) {
	const wants = new Map();
	const want = (i, scope) => wants.set(i, [...(wants.get(i) ?? []), scope]);
	const word = (i, ...texts) => tokens[i]?.kind === "word" && texts.includes(tokens[i].text);
	let item = "";
	let test = -1;

	for (let i = 0; i < tokens.length; i++) {
		if (test >= 0)
			want(i, "meta.test");
		if (item !== "" && word(i, "end") && tokens[i - 1].text !== "end" && item !== "fact" && item !== "act") {
			if (test < 0)
				want(i, "storage.type.end");
			item = "";
			test = -1;
			continue;
		}
		const begins = (item === "" || item === "fact" || item === "act") && tokens[i + 1]?.kind === "word" &&
			Object.hasOwn(declared, tokens[i].text) && (tokens[i].text !== "fact" || word(i + 2, "is")) &&
			(tokens[i].text !== "set" || tokens[i + 2]?.kind === "string") && !word(i - 1, "is", ",", "fact", "act");
		if (begins) {
			item = tokens[i].text;
			want(i, "storage.type");
			want(i + 1, declared[item]);
			i++;
			continue;
		}
		if (test >= 0 && word(i, "expect")) {
			want(i, "keyword.other.test");
			want(i + 1, "constant.language.state");
			if (word(i + 1, "defeated", "conflict"))
				want(i + 3, "support.function.rule");
			i += word(i + 1, "defeated", "conflict") ? 3 : 1;
			if (word(i, "undetermined") && word(i + 1, "needing"))
				i = list(tokens, i + 2).at(-1);
			test = -1;
			continue;
		}
		if (test < 0 && (item === "rule" || item === "term") && word(i, "test") && tokens[i + 1]?.kind === "string") {
			want(i, "keyword.other.test");
			test = i;
		}
		if (item !== "rule" || test >= 0)
			continue;
		if (word(i, "effect") && word(i + 1, ...modalities)) {
			want(i + 1, `keyword.control.${tokens[i + 1].text}`);
			want(i + 2, "support.class.act");
		}
		if (word(i, "defeats") && word(i - 1, "reviewed", "by") === false)
			for (const name of list(tokens, i + 1))
				want(name, "support.function.rule");
		if (word(i, "subject") && word(i + 1, "to"))
			for (const name of list(tokens, i + 2))
				want(name, "support.function.rule");
		if (word(i, "deadline") && tokens[i + 1]?.kind === "number")
			want(i + 2, "keyword.other.unit");
	}
	return wants;
}

const kinds = { comment: "comment.line", string: "string.quoted.double", date: "constant.numeric.date",
	number: "constant.numeric.integer", hash: "constant.other.digest", mark: "punctuation" };
const keywordScopes = ["keyword", "storage", "constant.language", "support.type"];

function file_check(grammar, name, text, seen) {
	const all = lex(text);
	const tokens = all.filter((token) => token.kind !== "comment");
	const { scopes, rest } = colour(grammar, text);
	const wants = expectations(tokens);
	/* Only for what is wrong: to count lines for every token takes longer than all else. */
	const where = (token) => () => `${name}:${text.slice(0, token.at).split("\n").length}`;

	for (const token of all) {
		const inside = scopes.slice(token.at, token.end).filter((s, i) => text[token.at + i] !== "\n");

		if (kinds[token.kind] !== undefined)
			check(inside.every((s) => has(s, kinds[token.kind])), where(token),
				`${token.text.slice(0, 40)} is no ${kinds[token.kind]} throughout, but ${inside[0]}`);
		else
			check(inside.every((s) => s.at(-1) === inside[0].at(-1) && s.length > 1 && !s.at(-1).startsWith("meta.")),
				where(token), `${token.text} has no colour of its own: ${inside[0]}`);
		if (token.kind !== "string" && token.kind !== "comment")
			check(!inside.some((s) => has(s, "string") || has(s, "comment")), where(token),
				`${token.text} is taken for a text or a comment`);
		if (token.kind === "word" && keywordScopes.some((scope) => inside[0].at(-1).startsWith(scope)))
			seen.add(token.text);
	}
	for (const [i, scopes_wanted] of wants)
		for (const scope of scopes_wanted)
			check(has(scopes[tokens[i].at], scope), where(tokens[i]),
				`${tokens[i].text} is no ${scope}, but ${scopes[tokens[i].at]}`);
	/* Facts and acts have no end of their own; nothing else may be open. */
	check(rest.slice(1).every((scope) => /^meta\.(fact|act)\./.test(scope)), name,
		`something is still open at the end: ${rest}`);
}

/* ---- files --------------------------------------------------------------------------------------- */

const law = path.join(source, "jurisdictions/law");
const files = fs.readdirSync(law, { recursive: true }).filter((name) => name.endsWith(".law"))
	.map((name) => [name, fs.readFileSync(path.join(law, name), "utf8")]);
const golden = path.join(source, "tests/golden/manual");

for (const name of fs.readdirSync(golden).filter((name) => name.endsWith(".law")))
	files.push([name, fs.readFileSync(path.join(golden, name), "utf8")]);
const manual = fs.readFileSync(path.join(source, "jurisdictions/README.md"), "utf8");

for (const [, name, text] of manual.matchAll(/<!-- (\S+\.law)[^\n]*-->\n```law\n(.*?)```/gs))
	files.push([`README.md ${name}`, text]);

/* ---- all ----------------------------------------------------------------------------------------- */

const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
const grammarPath = path.join(source, "jurisdictions/editor/comity-law.tmLanguage.json");
const registry = new textmate.Registry({
	onigLib: Promise.resolve({
		createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
		createOnigString: (text) => new oniguruma.OnigString(text),
	}),
	loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(grammarPath, "utf8"), grammarPath),
});
const grammar = await registry.loadGrammar("source.comity-law");
const seen = new Set();

for (const [name, text] of files)
	file_check(grammar, name, text, seen);

/* Every word of the manual's grammar, which another test holds against the parser. */
const ebnf = manual.match(/```ebnf\n(.*?)```/s)[1];
for (const keyword of new Set([...ebnf.matchAll(/"([a-z][a-z0-9-]*)"/g)].map((found) => found[1])))
	check(seen.has(keyword), "the grammar", `the keyword ${keyword} is highlighted nowhere`);

/* Keywords that are names: the colour follows the position. */
const names = files.find(([name]) => name === "names.law")[1];
const { scopes } = colour(grammar, names);
for (const [shape, scope] of [
	[/fact (title) is/, "entity.name.variable.fact"], [/fact (source) is/, "entity.name.variable.fact"],
	[/act (note) "/, "entity.name.type.act"], [/rule (us\.rule)\n/, "entity.name.function.rule"],
	[/when\n +(title)\n/, "variable.other.fact"], [/and (text)\n/, "variable.other.fact"],
	[/and (source) is/, "variable.other.fact"], [/is (case)\n/, "constant.other.value"],
	[/not (test)\n/, "variable.other.fact"], [/and (effect) is/, "variable.other.fact"],
	[/permits (strength)\n/, "support.class.act"], [/to (note)\n/, "support.class.act"],
	[/given +(text) is/, "variable.other.fact"], [/one of (treaty),/, "constant.other.value"],
]) {
	const found = shape.exec(names);

	check(found !== null && has(scopes[found.index + found[0].indexOf(found[1])], scope), "names.law",
		`${shape} has not the scope ${scope}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
