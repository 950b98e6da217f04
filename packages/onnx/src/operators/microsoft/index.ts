import "./attention.ts";
import "./fusedMatMul.ts";
import "./gelu.ts";
import "./groupQueryAttention.ts";
import "./matMulNBits.ts";
import "./normalization.ts";
