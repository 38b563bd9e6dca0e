import type { NextConfig } from "next";

const isBuild = process.env.NODE_ENV === "production";

/**
 * A static export: the API serves the files. Types are checked by `make check`, not again by every build.
 */
const config: NextConfig = {
  output: isBuild ? "export" : undefined,
  reactStrictMode: true,
  trailingSlash: false,
  poweredByHeader: false,
  images: { unoptimized: true },
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
  allowedDevOrigins: ["127.0.0.1", "localhost"],
  turbopack: { resolveAlias: { "@codemirror/lang-html": "./src/spec_text/no_html.ts" } },
};

export default config;
