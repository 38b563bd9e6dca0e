import { describe, expect, it } from "vitest";
import { placeBeside } from "@/ui/tip";

const view = { width: 400, height: 300 };
const size = { width: 100, height: 20 };
const at = (left: number, top: number) => ({ left, top, width: 40, height: 40 });

describe("placeBeside", () => {
  it("stands on the side that is wanted, in the middle", () => {
    expect(placeBeside(at(180, 130), size, "top", view)).toEqual({ left: 150, top: 104 });
    expect(placeBeside(at(180, 130), size, "right", view)).toEqual({ left: 226, top: 140 });
  });

  it("takes the other side where there is no room", () => {
    expect(placeBeside(at(180, 4), size, "top", view).top).toBe(50);
    expect(placeBeside(at(360, 130), size, "right", view).left).toBe(254);
  });

  it("stays inside along the edge", () => {
    expect(placeBeside(at(0, 130), size, "top", view).left).toBe(8);
    expect(placeBeside(at(360, 130), size, "bottom", view).left).toBe(292);
  });

  it("stays inside where nothing fits", () => {
    const small = { width: 90, height: 24 };
    const { left, top } = placeBeside({ left: 0, top: 0, width: 90, height: 24 }, size, "top", small);
    expect([left, top]).toEqual([8, 8]);
  });
});
