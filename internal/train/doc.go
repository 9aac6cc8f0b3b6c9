// Package train trains language models of arch llama on the CPU: from nothing, or on from a GGUF
// file.
//
// A Model is a Config and its parameters. A Trainer changes a Model: each Step takes windows of
// tokens, computes the gradient of their mean cost on all threads, and updates the parameters, Muon
// for the matrices of the blocks, AdamW for the rest. Loss only predicts. Model.Write writes a GGUF
// file that libllama runs.
//
//	m, err := train.Load("base.gguf")
//	t, err := train.NewTrainer(m, train.Options{})
//	defer t.Close()
//	for ... {
//		loss, err := t.Step(windows, train.Rate(step, progress, 0.4))
//	}
//	err = m.Write(file, gguf.Q8_0)
//
// The work is done by C kernels, the best that the machine has: "amx" multiplies bfloat16 matrices
// in AMX tiles, "avx512", "avx2" and "portable" multiply float32. For one kernel and one number of
// threads, the same steps give the same bits.
//
// It needs cgo and no library; without cgo, NewTrainer returns ErrNotBuilt and everything else
// works.
package train
