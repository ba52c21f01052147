# 数源 shuyuan. `make demo` shows it all; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
READY_S3 := .venv-s3/.ready
WITH_S3 := PATH="$(CURDIR)/.venv-s3/server:$$PATH"
# Byte-code is written once at install: without it every Airflow task would import three times as slowly.
unexport PYTHONDONTWRITEBYTECODE
export TZ = UTC
export UV_LINK_MODE = copy

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test torture lint bench secrets stack-test lock clean

help:  ## 列出所有命令
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt requirements-bootstrap.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "需要 Python 3.11–3.13；可用 make PYTHON=python3.12 指定"; exit 2; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) 2>/dev/null \
	  || { test "$$(id -u)" = 0 && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); } \
	  || { echo "缺少 venv 模块：请先安装 python3-venv（Debian：apt-get install python3-venv）"; exit 2; }
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --require-hashes -r requirements-bootstrap.txt
	@echo "安装依赖（已锁定版本并校验哈希）……"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation-package shuyuan -e . 2>/dev/null \
	  || $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(READY_DEV): $(READY) requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-dev.txt
	@touch $@

# An S3 server for tests, in an environment of its own; only its command goes onto the path.
$(READY_S3): $(READY) requirements-s3.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-s3
	@$(BIN)/uv pip install --quiet --python .venv-s3/bin/python --require-hashes --compile-bytecode -r requirements-s3.txt
	@mkdir -p .venv-s3/server && ln -sf ../bin/moto_server .venv-s3/server/moto_server
	@touch $@

setup: $(READY)  ## 只安装

demo: $(READY)  ## 演示：六台前置机、一个部门数据库、一套真实的 Airflow，直到比对完、出报告；WAREHOUSE=mysql 或 postgresql 换共享库
	@$(BIN)/shuyuan demo $(if $(WAREHOUSE),--warehouse $(WAREHOUSE))

up: $(READY)  ## 启动同样的环境并保持运行，打印界面地址与登录名
	@$(BIN)/shuyuan up --demo

down: $(READY)  ## 停止 make up 启动的一切
	@$(BIN)/shuyuan down

# Unit tests beside the others: those wait for servers most of the time.
test: $(READY_DEV) $(READY_S3)  ## 运行全部测试
	@mkdir -p build && { $(BIN)/python -m pytest tests/unit > build/unit-tests.log 2>&1 & unit=$$!; \
	  $(WITH_S3) $(BIN)/python -m pytest --ignore tests/unit; others=$$?; \
	  wait $$unit; units=$$?; cat build/unit-tests.log; exit $$((others || units)); }

torture: $(READY_DEV)  ## 长时间的故障试验（MINUTES=15），计数写入 docs/evidence/faults.md
	@PYTHONPATH=tests:tests/faults $(BIN)/python -m torture --minutes $(or $(MINUTES),15)

lint: $(READY_DEV)  ## 代码风格、类型、目录项
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/shuyuan lint
	@$(BIN)/shuyuan schema --check

bench: $(READY_DEV)  ## 与同类工具同机同数据比较，写入 benchmarks/RESULTS.md
	@$(BIN)/python benchmarks/run.py

secrets: $(READY)  ## 为 docker-compose.yml 生成密钥文件（deploy/secrets，已有的不动）
	@$(BIN)/python -m shuyuan.orchestration.stack.secret_files deploy/secrets

stack-test: $(READY_DEV) $(READY_S3)  ## 用本机进程启动与 docker-compose.yml 相同的整套服务，经 Celery 跑演示目录项，再全部停止
	@$(WITH_S3) $(BIN)/python -m shuyuan.orchestration.stack.trial

lock: $(READY)  ## 重新锁定依赖
	@for name in requirements-bootstrap requirements requirements-dev requirements-s3; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" --upgrade $$name.in -o $$name.txt; done

clean:  ## 删除虚拟环境和运行文件
	@rm -rf $(VENV) .venv-s3 var build
