/** SmolLM2-135M-Instruct, the default language model. Resources only. */
module dev.terrarium.smollm2 {}
