//go:build cloud

package main

import _ "github.com/lmz-go/lmz/cloud" // object stores
