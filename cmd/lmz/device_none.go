//go:build !(linux && (amd64 || arm64) && cgo)

package main

import (
	"errors"

	"github.com/lmz-go/lmz/models"
)

func exactDevices() ([]string, error) {
	return nil, errors.New("this program computes class exact on the processor alone: it is linked statically, or not for Linux")
}

func exactOn(int) models.Backend { return nil }
