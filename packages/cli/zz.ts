import {importModel} from "./src/model/import.ts";
import {factsOf,costOf,encodeKernel,INSTRUCTIONS} from "@opengradient/program";
import {readFileSync} from "node:fs";
const m=importModel(readFileSync(process.argv[2]!));
const facts=factsOf(m.program);
let tot=0;
for(const [k,ker] of m.program.kernels.entries()){const c=costOf(facts,k,ker);const e=encodeKernel(ker).length;tot+=e;console.log(k,m.labels[k],"L",ker.loops.join("x"),"F",ker.folds.join("x"),"gas",c.gas,"bytes",c.bytes,"dot",c.dot,"desc",e,"code",[ker.init,ker.step,ker.done].map(s=>s.map(i=>INSTRUCTIONS[i[0]].name).join(" ")).join(" | ").slice(0,150), ker.accesses.map(a=>`${a.space}:${a.index}[${a.coordinates.map(c=>`${c.base}+${c.coef.join(",")}<${c.extent}*${c.stride}`).join(" ; ")}]`).join(" "));}
console.log("descriptors",tot,"weights",m.weights.map(w=>w.dims.join("x")).join(" "));
