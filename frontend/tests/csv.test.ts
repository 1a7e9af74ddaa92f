import { expect, test } from "vitest";
import { csv } from "@/lib/csv";

test("cells are quoted where they must be", () => {
  expect(csv([{ a: 'says "no", twice', b: 1 }, { b: null, c: true }])).toBe('a,b,c\r\n"says ""no"", twice",1,\r\n,,true\r\n');
});

test.each([
  ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
  ["-1.5", "-1.5"],
  ["+cmd", "'+cmd"],
  ["-a", "'-a"],
])("no text becomes a formula: %s", (given, expected) => {
  expect(csv([{ a: given }])).toBe(`a\r\n${expected}\r\n`);
});
