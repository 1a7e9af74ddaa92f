import next from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

const config = [
  ...next,
  ...typescript,
  { rules: { "@typescript-eslint/no-explicit-any": "error", "no-console": "error", eqeqeq: "error" } },
  { rules: { "@next/next/no-location-assign-relative-destination": "off", "@next/next/no-css-tags": "off" } }, // the operations site's pages and fonts are not ours
  { files: ["scripts/**"], rules: { "no-console": "off" } }, // a command speaks to its terminal
  { ignores: ["out/**", ".next/**", "generated/**", "next-env.d.ts"] },
];

export default config;
