export { FiguresScreen as default } from "@/figures/FiguresScreen";
