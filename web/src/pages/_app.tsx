import "@/ui/fonts.css";
import "@/ui/tokens.css";
import type { AppProps } from "next/app";
import { App } from "@/shell/App";

export default function Root({ Component, pageProps }: AppProps) {
  return (
    <App>
      <Component {...pageProps} />
    </App>
  );
}
