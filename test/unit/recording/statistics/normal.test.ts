import { expect, test } from "vitest";
import { NORMAL_95, normalBothTails, studentT95 } from "../../../../src/recording/statistics/normal.ts";

test.each([
  [0, 1],
  [1, 0.317310508],
  [NORMAL_95, 0.05],
  [-2.575829304, 0.01],
  [4, 6.334248e-5],
])("beyond ± %d lies %d", (z, p) => {
  expect(normalBothTails(z)).toBeCloseTo(p, 7);
});

// Any table of Student's t, two-sided 5 %.
test.each([
  [5, 2.5706],
  [9, 2.2622],
  [15, 2.1314],
  [31, 2.0395],
  [120, 1.9799],
  [1e9, 1.96],
])("with %i degrees of freedom it is %d", (degrees, t) => {
  expect(studentT95(degrees)).toBeCloseTo(t, 3);
});
