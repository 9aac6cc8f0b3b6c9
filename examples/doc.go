// Package examples shows lmz together with modules of others, which its users need not have.
package examples
