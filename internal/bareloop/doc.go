// Package bareloop is the measure for throughput: the plainest C loop over llama_decode, with the
// options that package llama uses and nothing around it. It is empty without the tag llama, and
// needs a backend that package llama has loaded.
package bareloop
