// Decodes every test vector with an implementation that shares no line with ours, and compares it
// with the .json beside it. What a key means is read from the tables of protocol/README.md, so this
// also shows that the specification is enough to write a peer from.
//
// usage: node decode.mjs <folder of vectors> <protocol/README.md>
import { readFileSync, readdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { decode } from "@msgpack/msgpack";

const [folder, readme] = process.argv.slice(2);

// "#### name" opens a table; its rows are "| key | name | type | required | bounds | meaning |".
function readTables(text) {
	const tables = new Map();
	let table = null;
	for (const line of text.split("\n")) {
		const heading = /^#### (\w+)$/.exec(line);
		if (heading) {
			table = { fields: new Map(), kind: null };
			tables.set(heading[1], table);
			continue;
		}
		const kind = /^Kind (\d+), at most/.exec(line);
		if (table && kind) table.kind = Number(kind[1]);
		const cells = line.split("|").map((cell) => cell.trim());
		if (!table || cells.length !== 8 || !/^\d+$/.test(cells[1])) continue;
		const [, key, name, type, required, bounds] = cells;
		table.fields.set(Number(key), { name, type, required: required === "yes", bounds });
	}
	return tables;
}

function fail(path, sentence) {
	throw new Error(`${path}: ${sentence}`);
}

function hex(value, path) {
	if (!(value instanceof Uint8Array)) fail(path, "not bytes");
	return Buffer.from(value).toString("hex");
}

function uuid(value, path) {
	const digits = hex(value, path);
	if (digits.length !== 32) fail(path, "not an id");
	return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function whole(value, path) {
	if (typeof value !== "bigint" && !Number.isSafeInteger(value)) fail(path, "not an integer");
	return BigInt(value);
}

function text(value, path) {
	if (typeof value !== "string") fail(path, "not a text");
	return value;
}

function choice(value, bounds, path) {
	const number = whole(value, path);
	for (const pair of bounds.split(", ")) {
		const [of, name] = pair.split(" ");
		if (BigInt(of) === number) return name;
	}
	return fail(path, `${number} is not in the table`);
}

function list(value, path, each) {
	if (!Array.isArray(value)) fail(path, "not an array");
	return value.map((element, i) => each(element, `${path}[${i}]`));
}

function meaningOf(tables, field, value, path) {
	switch (field.type) {
	case "text":
		return text(value, path);
	case "bytes":
		return hex(value, path);
	case "id":
		return uuid(value, path);
	case "u32":
		return Number(whole(value, path));
	case "u64":
	case "i64":
		return String(whole(value, path));
	case "bool":
		return typeof value === "boolean" ? value : fail(path, "not true or false");
	case "enum":
		return choice(value, field.bounds, path);
	case "array of text":
		return list(value, path, text);
	default: {
		const array = /^array of (\w+)$/.exec(field.type);
		if (!array) return struct(tables, field.type, value, path);
		return list(value, path, (element, at) => struct(tables, array[1], element, at));
	}
	}
}

// A map by its table. Keys that the table lacks come from a newer peer and are passed over.
function struct(tables, name, value, path) {
	const table = tables.get(name) ?? fail(path, `the specification has no table ${name}`);
	const out = {};
	if (value === null || typeof value !== "object") fail(path, "not a map");
	for (const [key, inside] of Object.entries(value)) {
		const field = table.fields.get(Number(key));
		if (field) out[field.name] = meaningOf(tables, field, inside, `${path}.${field.name}`);
	}
	for (const field of table.fields.values())
		if (field.required && !(field.name in out)) fail(path, `${field.name} is missing`);
	return out;
}

function unpack(bytes) {
	// A key may be any width of unsigned integer; a wide one arrives as a BigInt.
	const mapKeyConverter = (key) => (typeof key === "bigint" ? Number(key) : key);
	return decode(bytes, { useBigInt64: true, mapKeyConverter });
}

// The bodies in an envelope, each by the table of its kind; a kind without one is left alone.
function checkRecords(tables, envelope) {
	for (const record of envelope.records ?? []) {
		for (const [name, table] of tables)
			if (table.kind === record.kind)
				struct(tables, name, unpack(Buffer.from(record.body, "hex")), name);
	}
}

function checkVector(tables, name) {
	const bytes = Buffer.from(readFileSync(join(folder, `${name}.hex`), "utf8").replace(/\s/g, ""), "hex");
	const wanted = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
	const found = struct(tables, wanted.message, unpack(bytes), wanted.message);
	if (wanted.message === "envelope") checkRecords(tables, found);
	if (!isDeepStrictEqual(found, wanted.value))
		fail(wanted.message, `decodes to ${JSON.stringify(found)}`);
}

const tables = readTables(readFileSync(readme, "utf8"));
const names = readdirSync(folder).filter((file) => file.endsWith(".hex")).map((file) => file.slice(0, -4));
let passed = 0;
let failed = 0;
for (const name of names.sort()) {
	try {
		checkVector(tables, name);
		passed++;
	} catch (error) {
		failed++;
		console.log(`FAILED: ${name}: ${error.message}`);
	}
}
if (names.length === 0) {
	failed++;
	console.log(`FAILED: no vectors in ${folder}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
