// Package llama runs GGUF language models through llama.cpp's libllama, with logits that depend on
// nothing but the model file, the numeric class and the tokens of the lane (docs/DETERMINISM.md).
//
// It needs cgo, the build tag llama and a libllama that pkg-config knows (scripts/setup-llama).
// Without them everything compiles and what would need libllama returns ErrNotBuilt.
//
// libggml keeps its backends in one registry per process, so the first Open or LoadBackend decides
// the numeric class of the whole process.
package llama
