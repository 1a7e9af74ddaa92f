"use client";

import { useEffect, useState } from "react";

/** The time of the browser, in ms, every `step` ms; 0 before the page is alive. */
export function useNow(step = 1000): number {
  const [now, setNow] = useState(0);
  useEffect(() => {
    const tell = () => setNow(Date.now());
    const first = requestAnimationFrame(tell);
    const timer = setInterval(tell, step);
    return () => {
      cancelAnimationFrame(first);
      clearInterval(timer);
    };
  }, [step]);
  return now;
}
