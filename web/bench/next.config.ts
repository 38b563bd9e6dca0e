import type { NextConfig } from "next";

/** The page that `make bench` measures the canvas against. It is no part of the web app. */
const config: NextConfig = { output: "export", typescript: { ignoreBuildErrors: true }, devIndicators: false };

export default config;
