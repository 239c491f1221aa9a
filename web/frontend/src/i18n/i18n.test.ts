import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

import { en } from "./en";
import { fr } from "./fr";

const SOURCES = join(import.meta.dirname, "..");
const SPOKEN = new Set(["alt", "title", "placeholder", "aria-label", "aria-description", "label"]);
const JOINS = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.PlusToken,
]);
const HAS_LETTERS = /\p{L}/u;

function componentFiles(folder = SOURCES): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return componentFiles(path);
    return entry.name.endsWith(".tsx") ? [path] : [];
  });
}

/** Text of a component that does not come from the catalogue. */
function literalsIn(name: string, text: string): string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const note = (node: ts.Node, words: string) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    if (HAS_LETTERS.test(words)) found.push(`${name}:${line + 1}: ${words.trim()}`);
  };
  const wordsIn = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) note(node, node.text);
    else if (ts.isTemplateExpression(node)) note(node, node.head.text + node.templateSpans.map(({ literal }) => literal.text).join(""));
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(wordsIn);
    else if (ts.isBinaryExpression(node) && JOINS.has(node.operatorToken.kind)) [node.left, node.right].forEach(wordsIn);
    else if (ts.isParenthesizedExpression(node)) wordsIn(node.expression);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) note(node, node.text);
    if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent)) wordsIn(node.expression);
    if (ts.isJsxAttribute(node) && SPOKEN.has(node.name.getText()) && node.initializer) {
      const { initializer } = node;
      wordsIn(ts.isJsxExpression(initializer) && initializer.expression ? initializer.expression : initializer);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test("every word of the components comes from the catalogue", () => {
  const files = componentFiles();
  expect(files.length).toBeGreaterThan(8);
  expect(files.flatMap((path) => literalsIn(path, readFileSync(path, "utf8")))).toEqual([]);
});

test.each([
  ["<p>Hello</p>", 1],
  ['<p title="Hello" className="card" />', 1],
  ['<p>{isOpen ? "Yes" : t.no}</p>', 1],
  ["<p aria-label={`Delete ${name}`} />", 1],
  ['<p>{count > 0 && "some"}</p>', 1],
  ['<p className={isOpen ? "a" : "b"}>{t.hello} ·</p>', 0],
])("%s has %i words that do not", (text, count) => {
  expect(literalsIn("a.tsx", `const a = ${text};`)).toHaveLength(count);
});

type Tree = { [key: string]: string | ((...facts: never[]) => string) | Tree };

/** Every message, with numbers and names put in where it takes some. */
function said(messages: Tree, path = ""): [string, string][] {
  return Object.entries(messages).flatMap(([key, value]): [string, string][] => {
    if (typeof value === "string") return [[path + key, value]];
    if (typeof value === "object") return said(value, `${path}${key}.`);
    const facts = key === "day" ? ["2026-11-21T10:00:00Z", "UTC"] : [2, 3, 4];
    return [[path + key, value(...(facts as never[]))]];
  });
}

const FRENCH = Object.fromEntries(said(fr as unknown as Tree));

test("French says everything, in other words", () => {
  const same = new Set(["number", "grid.label", "grid.photos", "lightbox.pixels", "lightbox.day"]);
  for (const [key, words] of said(en as unknown as Tree)) {
    expect(FRENCH[key], key).toBeTruthy();
    if (!same.has(key)) expect(FRENCH[key], key).not.toBe(words);
  }
});

test("French has its own apostrophes and spaces", () => {
  for (const [key, words] of Object.entries(FRENCH)) {
    expect(words, `${key}: ’, not '`).not.toMatch(/'/);
    expect(words, `${key}: a narrow space before ? ! ; %`).not.toMatch(/[^\u202f][?!;%]/);
    expect(words, `${key}: a fixed space before a colon`).not.toMatch(/[^\u00a0\d]:(?!\d)/);
  }
});

test("numbers, sizes and plurals follow the language", () => {
  expect(en.grid.photos(1)).toBe("1 photo");
  expect(en.grid.photos(10_000)).toBe("10,000 photos");
  expect(fr.grid.photos(0)).toBe("0 photo");
  expect(fr.grid.photos(10_000)).toBe("10\u202f000 photos");
  expect(fr.grid.photos(1_000_000)).toMatch(/photos$/);
  expect(en.size(1)).toBe("1 byte");
  expect(en.size(5 * 1024 * 1024)).toBe("5.0 MB");
  expect(fr.size(5 * 1024 * 1024)).toBe("5,0 Mo");
  expect(en.size(2.5 * 1024 ** 3)).toBe("2.5 GB");
});
