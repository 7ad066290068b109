.DEFAULT_GOAL := help
MODEL := mobileiqa-small
LARGER := mobileiqa-base

help: ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

check: lint test ## what CI runs

lint: ## ruff and mypy --strict
	ruff format --check . && ruff check . && mypy

format: ## format and fix what can be fixed
	ruff format . && ruff check --fix .

test: ## all tests
	pytest

model: ## export the bundled models from their checkpoints
	mobileiqa export --force --checkpoint training/checkpoints/$(MODEL).safetensors \
		--decode jpeg-reduced --no-timing --output mobileiqa_sdk/models/$(MODEL)
	mobileiqa export --force --checkpoint training/checkpoints/$(LARGER).safetensors \
		--decode jpeg-reduced --precision fp16 --no-timing --output mobileiqa_sdk/models/$(LARGER)
	$(MAKE) facts

facts: ## model facts from the checkpoint and the model, and the tables made from them
	python -m training facts && python -m training documents

quick: ## linters and a subset of the tests, about two minutes
	ruff format --check . && ruff check . && mypy && pytest -m quick -n logical --dist loadscope

android: ## build the demo's APK, on Debian
	android_demo/build.sh

web: ## build and test the package and the page for browsers
	cd web && npm ci && npm test

arm: ## scores on emulated ARM CPUs against those here, on Debian
	benchmarks/device/arm_proof.sh

.PHONY: help check lint format test quick model facts android web arm
