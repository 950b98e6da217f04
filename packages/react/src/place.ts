import type { Reader } from "@opengradient/protocol";
import { createContext, createElement, type ReactNode, useContext } from "react";

/** One system on one chain, as the hooks below it see it. */
export type Place = {
  readonly reader: Reader;
  /** block of the first contract: where events begin */
  readonly fromBlock: bigint;
};

const PlaceContext = createContext<Place | undefined>(undefined);

/** Gives the hooks below it their chain. Stands inside wagmi's and TanStack Query's providers. */
export const OpenGradientProvider = ({ place, children }: { place: Place; children?: ReactNode }) =>
  createElement(PlaceContext.Provider, { value: place }, children);

/**
 * The system that the hooks below an OpenGradientProvider see. @throws Error outside of one
 * @example examples/Where.tsx
 */
export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) throw new Error("this hook needs an OpenGradientProvider above it");
  return place;
}

/**
 * The chain and the contracts, for all that `protocol` reads. @throws Error outside of an OpenGradientProvider
 * @example examples/Where.tsx
 */
export const useReader = (): Reader => usePlace().reader;
