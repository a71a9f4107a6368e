# Laws of counts, with and without those who drew none, by maximum likelihood. Run in this folder:
#   Rscript concentration.R
# R with MASS and VGAM (Debian: r-base-core, r-cran-mass, r-cran-vgam). Reads concentration_data.csv, writes
# concentration.csv. The Gini coefficient is that of ineq::Gini (corr = FALSE), written out here.
suppressMessages({library(MASS); library(VGAM)})
d <- read.csv("concentration_data.csv")
out <- data.frame(id = character(), name = character(), value = numeric())
say <- function(id, name, value) out <<- rbind(out, data.frame(id = id, name = name, value = value))
gini <- function(x) { x <- sort(x); n <- length(x); (2 * sum(x * 1:n) / sum(x) - (n + 1)) / n }
x <- c(541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261)
say("ineq.example", "gini", gini(x))
say("counts", "gini", gini(d$count))
f <- glm.nb(count ~ 1, d, control = glm.control(epsilon = 1e-12, maxit = 200))
say("negbin", "log_mean", coef(f)[[1]]); say("negbin", "shape", f$theta)
say("negbin", "loglik", as.numeric(logLik(f)))
f <- glm.nb(count ~ 1 + offset(log(years)), d, control = glm.control(epsilon = 1e-12, maxit = 200))
say("negbin.exposure", "log_mean", coef(f)[[1]]); say("negbin.exposure", "shape", f$theta)
say("negbin.exposure", "loglik", as.numeric(logLik(f)))
p <- d[d$count > 0, ]
f <- vglm(count ~ 1, pospoisson(), p, epsilon = 1e-12)
say("pospois", "log_mean", coef(f)[[1]]); say("pospois", "loglik", logLik(f))
f <- vglm(count ~ 1, posnegbinomial(), p, epsilon = 1e-12, maxit = 200)
say("posnegbin", "log_mean", coef(f)[[1]]); say("posnegbin", "log_shape", coef(f)[[2]])
say("posnegbin", "loglik", logLik(f))
out$value <- sprintf("%.12g", out$value)
write.csv(out, "concentration.csv", row.names = FALSE, quote = FALSE)
