import { classOf, OPERAND_CLASSES, programOfSeed, randomFrom, randomTensors } from "@opengradient/program/random";
import { INSTRUCTIONS, provableElements, resultElements, widthOf, witnessElement } from "@opengradient/program";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Claim, claimOf, honestClaim, proofOf, storedBits } from "./claim.ts";
import { createEvm, type Deployed } from "./evm.ts";

const PROGRAMS = Number(process.env.ARBITER_PROGRAMS ?? 100);
const ELEMENTS = Number(process.env.ARBITER_ELEMENTS ?? 2_000);

function claimOfSeed(seed: number): Claim {
	const program = programOfSeed(seed);
	const random = randomFrom(seed + 0x10000);
	const { weights, inputs } = randomTensors(random, program);
	return honestClaim(program, weights, inputs);
}

describe("Arbiter against the reference", () => {
	let evm: Awaited<ReturnType<typeof createEvm>>;
	let arbiter: Deployed;

	beforeAll(async () => {
		evm = await createEvm();
		arbiter = await evm.deploy("src/arbiter/Arbiter.sol");
	});
	afterAll(() => evm.close());

	test(`${ELEMENTS} elements of ${PROGRAMS} random Programs are right, and wrong when a bit is flipped`, async () => {
		const wrong: string[] = [];
		let elements = 0;
		for (let seed = 1; seed <= PROGRAMS; seed++) {
			const claim = claimOfSeed(seed);
			const random = randomFrom(seed + 0x20000);
			const most = Math.ceil((ELEMENTS * seed) / PROGRAMS) - elements;
			for (let i = 0; i < most; i++) {
				const k = random.below(claim.program.kernels.length);
				const kernel = claim.program.kernels[k]!;
				const e = random.below(random.oneIn(10) ? provableElements(kernel) : resultElements(kernel));
				const witness = witnessElement(claim.program, k, e, claim.committed);
				const answer = await ask(arbiter, proofOf(claim, k, e, witness));
				elements++;
				const want = e < resultElements(kernel) ? storedBits(claim.results[k]!, widthOf(kernel.outType), e) : 0;
				if (answer.verdict !== "right" || answer.value !== want)
					wrong.push(`seed ${seed} kernel ${k} element ${e}: ${JSON.stringify(answer)}, not ${want}`);
			}
		}
		expect(wrong.slice(0, 10)).toEqual([]);
		expect(elements).toBe(ELEMENTS);
	}, 600_000);
});
