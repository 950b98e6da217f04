import "./features.ts";
import "./linear.ts";
import "./svm.ts";
import "./treeEnsemble.ts";
