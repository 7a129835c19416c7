// A KMS for tests: the handlers of local-kms behind a listener on the one address that is given, where its own program
// listens on every address of the machine.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/nsmithuk/local-kms/src"
	"github.com/nsmithuk/local-kms/src/config"
	"github.com/nsmithuk/local-kms/src/data"
)

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: kms ADDRESS REGION ACCOUNT FOLDER")
	}
	address := os.Args[1]
	config.AWSRegion, config.AWSAccountId, config.DatabasePath = os.Args[2], os.Args[3], os.Args[4]
	database := data.NewDatabase(config.DatabasePath)
	defer database.Close()
	log.Fatal(http.ListenAndServe(address, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		src.HandleRequest(answer, request, database)
	})))
}
