import { expect, test } from "vitest";
import { failing } from "@/lib/failing";

const query = { data: [1], error: null, dataUpdatedAt: 1000, errorUpdatedAt: 0 };
const error = new Error("the server does not answer");

test("what was answered is shown as it is", () => {
  expect(failing(query)).toEqual({ error: null, staleFor: null });
});

test("an answer of before stays, with its age, while the server cannot be asked again", () => {
  expect(failing({ ...query, error, errorUpdatedAt: 6000 })).toEqual({ error: null, staleFor: 5000 });
});

test("without an answer there is the reason", () => {
  expect(failing({ ...query, data: undefined, error, errorUpdatedAt: 6000 })).toEqual({ error: error.message, staleFor: null });
});

test("of several questions the one without an answer counts first, then the oldest answer", () => {
  const old = { ...query, error, errorUpdatedAt: 9000 };
  const older = { ...query, dataUpdatedAt: 500, error, errorUpdatedAt: 9000 };
  const missing = { ...query, data: undefined, error: new Error("no rows"), errorUpdatedAt: 2000 };
  expect(failing(query, old, older)).toEqual({ error: null, staleFor: 8500 });
  expect(failing(old, missing)).toEqual({ error: "no rows", staleFor: null });
  expect(failing(query, query)).toEqual({ error: null, staleFor: null });
});
