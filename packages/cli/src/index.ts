export { DEVNET_CHAIN_ID, DEVNET_NAMES, type DevnetName, devnetAccount, devnetAddress } from "./chain/accounts.ts";
export { readArtifacts } from "./chain/artifacts.ts";
export { deployDevnet, devnetSystem, openChain, startChain } from "./chain/local.ts";
export { publishModel } from "./chain/publish.ts";
export { decodeModelFile, encodeModelFile, isModelFile } from "./model/file.ts";
export { encodeModel, importModel, type Model, type Roots } from "./model/import.ts";
export { loadModel } from "./model/load.ts";
export { packNumbers } from "./model/tensors.ts";
export { servePage } from "./start/serve.ts";
