//go:build cloud

package main

import (
	"io"
	"log"

	_ "github.com/lmz-go/lmz/cloud" // object stores
)

func init() { log.SetOutput(io.Discard) } // SDKs say there what their errors say too
