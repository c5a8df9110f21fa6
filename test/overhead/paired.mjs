// @ts-check
/** The product's own statistics: the scripts beside this file and `npm run gate` calculate with the same code. */
export { median } from "../../dist/recording/statistics/median.js";
export { pairedDifference, pairedRatio } from "../../dist/recording/statistics/paired.js";
