import type { Module } from "./module.ts";
export const split = (m: Module): Module => m;
