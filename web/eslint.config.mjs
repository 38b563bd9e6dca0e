import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules", "**/out", "**/.next", "**/next-env.d.ts", "src/client/schema.d.ts", "public"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  hooks.configs.flat["recommended-latest"],
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      complexity: ["error", 12],
      "max-depth": ["error", 3],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["next", "next/*"], message: "Only src/navigation.tsx and src/pages know Next.js." }] },
      ],
    },
  },
  { files: ["src/navigation.tsx", "src/pages/**", "**/next.config.ts"], rules: { "no-restricted-imports": "off" } },
  { files: ["**/*.mjs", "*.ts"], languageOptions: { globals: { process: "readonly", console: "readonly" } } },
);
